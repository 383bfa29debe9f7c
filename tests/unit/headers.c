// SPDX-License-Identifier: GPL-2.0
/* Only compiled: the static assertions on layout, for another architecture. */

#include "xen-blkif/backoff.h"
#include "xen-blkif/check.h"
#include "xen-blkif/feature.h"
#include "xen-blkif/nego.h"
#include "xen-blkif/pi.h"
#include "xen-blkif/ops.h"
#include "xen-blkif/ring.h"
#include "xen-blkif/status.h"
#include "xen-blkif/vdev.h"
#include "xen-blkback/gcache.h"
#include "xen-blkback/hist.h"
#include "xen-blkback/range.h"
