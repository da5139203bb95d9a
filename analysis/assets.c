/* assets.c - see assets.h for the contract. */
#include "analysis/assets.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

struct asset {
    const char *name, *text;
};

#include "build/assets.h" /* static const struct asset assets[] */

const char *asset_text(const char *name)
{
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        if (strcmp(assets[i].name, name) == 0)
            return assets[i].text;
    assert(!"every asset that is asked for is compiled in");
    return "";
}
