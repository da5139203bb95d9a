/* html.c - see html.h for the contract. */
#include "analysis/html.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

#include "analysis/text.h"

static uint64_t not_negative(int64_t n)
{
    return n < 0 ? 0 : (uint64_t)n;
}

void html(FILE *f, const char *format, ...)
{
    char number[TEXT_NUMBER_CAP];
    va_list args;
    va_start(args, format);
    for (const char *at = format; *at != 0; at++) {
        if (*at != '%') {
            fputc(*at, f);
            continue;
        }
        switch (*++at) {
        case 's':
            text_html(f, va_arg(args, const char *));
            break;
        case 'r':
            fputs(va_arg(args, const char *), f);
            break;
        case 'i':
            fprintf(f, "%" PRId64, va_arg(args, int64_t));
            break;
        case 'n':
            fputs(text_count(number, not_negative(va_arg(args, int64_t))), f);
            break;
        case 'b':
            fputs(text_bytes(number, not_negative(va_arg(args, int64_t))), f);
            break;
        case 'p':
            fprintf(f, "%.1f %%", 100 * va_arg(args, double));
            break;
        default:
            assert(*at == '%');
            fputc('%', f);
        }
    }
    va_end(args);
}
