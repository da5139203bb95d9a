/* text.c - see text.h for the contract. */
#include "analysis/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/*
 * Length of the well-formed UTF-8 sequence at `s`, 0 if there is none: The
 * Unicode Standard, table 3-7, plus no control characters.
 */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong =
        (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool is_outside = (s[0] == 0xed && s[1] > 0x9f) || /* surrogates        */
                      (s[0] == 0xf4 && s[1] > 0x8f);
    bool is_control = s[0] == 0xc2 && s[1] < 0xa0;
    /* U+FFFE and U+FFFF are UTF-8, but no characters of XML. */
    bool is_no_xml = s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe;
    return is_overlong || is_outside || is_control || is_no_xml ? 0 : n;
}

char *text_clean(char *out, size_t cap, const char *in)
{
    assert(cap > 0);
    const unsigned char *s = (const unsigned char *)(in == NULL ? "" : in);
    size_t used = 0;
    while (*s != 0) {
        size_t n = utf8_length(s);
        size_t wanted = n == 0 ? 1 : n;
        if (used + wanted >= cap)
            break;
        if (n == 0)
            out[used] = '?';
        else
            memcpy(out + used, s, n);
        used += wanted;
        s += wanted;
    }
    out[used] = 0;
    return out;
}

char *text_cut(char *out, size_t cap, const char *in, size_t width)
{
    text_clean(out, cap, in);
    size_t n = 0;
    char *last = out;
    for (char *at = out; *at != 0;) {
        if (++n == width)
            last = at;
        at += utf8_length((unsigned char *)at);
    }
    const char ellipsis[] = "\xe2\x80\xa6";
    if (n > width && (size_t)(last - out) + sizeof ellipsis <= cap)
        memcpy(last, ellipsis, sizeof ellipsis);
    return out;
}

void text_html(FILE *f, const char *s)
{
    for (; *s != 0; s++) {
        switch (*s) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        case '\'':
            fputs("&#39;", f);
            break;
        default:
            fputc(*s, f);
        }
    }
}

void text_gnuplot(FILE *f, const char *s)
{
    fputc('\'', f);
    for (; *s != 0; s++) {
        if (*s == '\'')
            fputc('\'', f);
        fputc(*s, f);
    }
    fputc('\'', f);
}

char *text_count(char out[TEXT_NUMBER_CAP], uint64_t n)
{
    char digits[TEXT_NUMBER_CAP];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *at = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = 0;
    return out;
}

char *text_bytes(char out[TEXT_NUMBER_CAP], uint64_t bytes)
{
    const char *unit = bytes == 1 ? " byte" : " bytes";
    if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
        bytes >>= 20;
        unit = " MiB";
    } else if (bytes >= 1 << 10 && bytes % (1 << 10) == 0) {
        bytes >>= 10;
        unit = " KiB";
    }
    text_count(out, bytes);
    size_t length = strlen(out);
    snprintf(out + length, TEXT_NUMBER_CAP - length, "%s", unit);
    return out;
}
