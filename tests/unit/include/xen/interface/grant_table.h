/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_XEN_GRANT_TABLE_H
#define _SHIM_XEN_GRANT_TABLE_H

#include <linux/types.h>

typedef uint32_t grant_ref_t;

#endif
