# An object that calls the C library does not pass for one of the core.
command -v arm-none-eabi-gcc >/dev/null || exit 77
mkdir -p build/guest/m0plus/core
echo 'int puts(const char *s); int f(int x) { return puts("x") / x; }' >x.c
arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -c \
    -o build/guest/m0plus/core/x.o x.c
bash "$ROOT/tests/guests.sh" build/guest m0plus
