/*
 * elf_arm.h - which Arm architecture an image was built for
 *
 * Source    "Addenda to, and Errata in, the ABI for the Arm Architecture",
 *           IHI 0045E, sections 2.2 and 2.3.
 */
#ifndef SIM_MACHINE_ELF_ARM_H
#define SIM_MACHINE_ELF_ARM_H

#include "sim/machine/elf.h"

/* Values of Tag_CPU_arch. */
enum {
    ELF_ARM_UNKNOWN = -1,
    ELF_ARM_V7 = 10,
    ELF_ARM_V6M = 11,
    ELF_ARM_V6SM = 12,
    ELF_ARM_V7EM = 13
};

/*
 * Tag_CPU_arch of the image's build attributes; ELF_ARM_UNKNOWN where they
 * lack it, or cannot be read. Bounded by the attributes' bytes.
 */
int elf_arm_architecture(const struct image *image);

#endif /* SIM_MACHINE_ELF_ARM_H */
