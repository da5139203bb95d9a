/* test_variant.c - what tells a run from others of its manager, in words. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analysis/variant.h"

static char label[VARIANT_CAP];

static const char *of(const char *manager, const char *spec)
{
    variant_label(label, manager, spec);
    return label;
}

#define EXPECT(manager, spec, wanted)                                          \
    cr_expect(eq(str, (char *)of(manager, spec), wanted))

Test(variant, what_is_as_by_default_goes_unsaid)
{
    EXPECT("copying", "{\"parameters\":{\"pins\":\"none\",\"block\":16}}",
           "copying");
    EXPECT("copying", "{\"parameters\":{\"pins\":\"k\",\"block\":8}}",
           "copying block=8 pins=k");
}

Test(variant, steps_are_part_of_it)
{
    EXPECT("handles", "{\"options\":{\"step_every\":1,\"step_cycles\":240}}",
           "handles steps=1:240");
}

/* --heap trace sets it, to what the recording's own areas have. */
Test(variant, the_areas_of_a_recorded_heap_are_not_set)
{
    static const char *const spec[] = {
        "{\"options\":{\"heap_trace\":1},\"parameters\":{\"area_struct\":0}}",
        "{\"options\":{\"heap_trace\":0},\"parameters\":{\"area_struct\":0}}"};
    EXPECT("marksweep", spec[0], "marksweep");
    EXPECT("marksweep", spec[1], "marksweep area_struct=0");
}

Test(variant, of_an_unknown_manager_or_spec_the_name_is_said)
{
    EXPECT("outside:newlib", "{\"parameters\":{\"x\":1}}", "outside:newlib");
    EXPECT("copying", "no JSON", "copying");
    EXPECT("copying", "", "copying");
}
