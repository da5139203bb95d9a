/* test_text.c - strings of other hands, and numbers for people. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/text.h"

static char out[256];

static char *cleaned(const char *in)
{
    return text_clean(out, sizeof out, in);
}

Test(text, leaves_clean_utf8_alone)
{
    char in[] = "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 <b>&'\"";
    cr_expect(eq(str, cleaned(in), in));
    cr_expect(eq(str, cleaned(NULL), ""));
}

Test(text, replaces_what_no_page_may_hold)
{
    cr_expect(eq(str, cleaned("a\nb\tc\x7f"), "a?b?c?"));
    cr_expect(eq(str, cleaned("\xff\xfe"), "??"));
    cr_expect(eq(str, cleaned("\xc0\xaf"), "??"));           /* overlong  */
    cr_expect(eq(str, cleaned("\xed\xa0\x80"), "???"));      /* surrogate */
    cr_expect(eq(str, cleaned("\xf4\x90\x80\x80"), "????")); /* too large */
    cr_expect(eq(str, cleaned("\xc2\x85"), "??"));           /* C1        */
    cr_expect(eq(str, cleaned("\xef\xbf\xbf"), "???"));      /* no XML    */
    cr_expect(eq(str, cleaned("x\xe2\x82"), "x??"));         /* truncated */
}

Test(text, cuts_between_characters)
{
    char small[6];
    cr_expect(eq(str,
                 text_clean(small, sizeof small,
                            "ab\xe2\x82\xac\xe2\x82"
                            "\xac"),
                 "ab\xe2\x82\xac"));
    cr_expect(
        eq(str, text_cut(out, sizeof out, "abcdef", 4), "abc\xe2\x80\xa6"));
    cr_expect(eq(str, text_cut(out, sizeof out, "abcd", 4), "abcd"));
    cr_expect(eq(str, text_cut(out, sizeof out, "", 4), ""));
}

/* What a function writes to a file, as a string. */
static char *written(void (*write)(FILE *, const char *), const char *s)
{
    memset(out, 0, sizeof out);
    FILE *f = fmemopen(out, sizeof out, "w");
    write(f, s);
    fclose(f);
    return out;
}

Test(text, quotes_for_html)
{
    cr_expect(eq(str, written(text_html, "<a href=\"x\">'&'</a>"),
                 "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"));
}

Test(text, quotes_for_gnuplot)
{
    cr_expect(eq(str, written(text_gnuplot, "it's `id` @x \\n"),
                 "'it''s `id` @x \\n'"));
}

Test(text, numbers_have_thousands)
{
    cr_expect(eq(str, text_count(out, 0), "0"));
    cr_expect(eq(str, text_count(out, 999), "999"));
    cr_expect(eq(str, text_count(out, 1234567), "1,234,567"));
    cr_expect(
        eq(str, text_count(out, UINT64_MAX), "18,446,744,073,709,551,615"));
}

Test(text, bytes_take_the_unit_that_is_exact)
{
    cr_expect(eq(str, text_bytes(out, 1), "1 byte"));
    cr_expect(eq(str, text_bytes(out, 1000), "1,000 bytes"));
    cr_expect(eq(str, text_bytes(out, 65536), "64 KiB"));
    cr_expect(eq(str, text_bytes(out, 3 << 20), "3 MiB"));
    cr_expect(eq(str, text_bytes(out, 1025), "1,025 bytes"));
}

Test(text, html_escapes_every_argument_but_our_own_markup)
{
    memset(out, 0, sizeof out);
    FILE *f = fmemopen(out, sizeof out, "w");
    html(f, "%s %r %i %n %b %p %%", "<&>", "<b>", INT64_C(-12), INT64_C(12345),
         INT64_C(2048), 0.125);
    fclose(f);
    cr_expect(eq(str, out, "&lt;&amp;&gt; <b> -12 12,345 2 KiB 12.5 % %"));
}
