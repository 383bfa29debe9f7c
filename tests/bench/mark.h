/* SPDX-License-Identifier: GPL-2.0 */
/* movabs $MARK_..., %rax: the instruction that the plugins look for. */
#ifndef MARK_H
#define MARK_H

#define MARK_BEGIN	0x6b6c622d6e656231
#define MARK_END	0x6b6c622d6e656232
#define MARK_OPCODE_0	0x48
#define MARK_OPCODE_1	0xb8
#define MARK_SIZE	10

#endif
