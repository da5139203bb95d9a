cp "$ROOT/tests/fuzz/elf/square.elf" .
"$FRAGLAB" machine run square.elf
"$FRAGLAB" machine run square.elf --json --between _start square
"$FRAGLAB" machine call square.elf square 7 --json
"$FRAGLAB" machine trace square.elf --machine hazard3-1port
"$FRAGLAB" machine profile square.elf --folded
"$FRAGLAB" machine disasm square.elf
