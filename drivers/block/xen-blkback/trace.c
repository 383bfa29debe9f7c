// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the tracepoints of trace.h.
 */

#include "blkback.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
