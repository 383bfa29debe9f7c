// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the state of a device.
 *
 *   state      in XenStore  when
 *   PROBING    -            at first
 *   WAITING    InitWait     the offer was published: after probe, and whenever
 *                           the frontend starts again
 *   PENDING    unchanged    the frontend is ready, but its previous connection
 *                           has not ended, or this domain's page cache of the
 *                           disk is being written back, or Xen has no room for
 *                           its rings
 *   CONNECTED  Connected    a connection was set up
 *   CLOSING    Closing      the frontend is closing
 *   REFUSED    Closing      the frontend broke a rule, or something failed
 *   CLOSED     Closed       the frontend has closed
 *   LEAVING    unchanged    the frontend is gone; xenbus removes the device
 *   REMOVED    unchanged    the driver is no longer bound
 *
 * The table below says from which states each can be entered.  No other
 * transition happens; in particular:
 *
 *   - a frontend that was refused is not connected, so CONNECTED never follows
 *     REFUSED;
 *   - CLOSING and REFUSED do not replace each other: the first of them says who
 *     closes;
 *   - a device that is leaving does not return.
 *
 * All transitions are made by the device's work item, except that to REMOVED,
 * which blkback_remove() may make at any time.  The threads of queues only tell
 * the work item what they have seen.
 */

#include "life.h"

/* States of a device that is in use. */
#define BLKBACK_LIVE	(BIT(BLKBACK_PROBING) | BIT(BLKBACK_WAITING) |	\
			 BIT(BLKBACK_PENDING) | BIT(BLKBACK_CONNECTED) |	\
			 BIT(BLKBACK_CLOSING) | BIT(BLKBACK_REFUSED) |	\
			 BIT(BLKBACK_CLOSED))

/**
 * struct blkback_transition - how a state is entered
 * @published: state to write to XenStore, XenbusStateUnknown for none
 * @from: bits of the states from which it can be entered
 */
struct blkback_transition {
	enum xenbus_state published;
	u32 from;
};

static const struct blkback_transition blkback_transitions[] = {
	[BLKBACK_WAITING] = {
		XenbusStateInitWait,
		BLKBACK_LIVE & ~BIT(BLKBACK_WAITING),
	},
	[BLKBACK_PENDING] = {
		XenbusStateUnknown,
		BIT(BLKBACK_WAITING) | BIT(BLKBACK_PENDING) |
		BIT(BLKBACK_CLOSED),
	},
	[BLKBACK_CONNECTED] = {
		XenbusStateConnected,
		BIT(BLKBACK_WAITING) | BIT(BLKBACK_PENDING) |
		BIT(BLKBACK_CLOSED),
	},
	[BLKBACK_CLOSING] = {
		XenbusStateClosing,
		BLKBACK_LIVE & ~BIT(BLKBACK_REFUSED),
	},
	[BLKBACK_REFUSED] = {
		XenbusStateClosing,
		BLKBACK_LIVE & ~BIT(BLKBACK_CLOSING),
	},
	[BLKBACK_CLOSED] = { XenbusStateClosed, BLKBACK_LIVE },
	[BLKBACK_LEAVING] = { XenbusStateUnknown, BLKBACK_LIVE },
	[BLKBACK_REMOVED] = {
		XenbusStateUnknown,
		BLKBACK_LIVE | BIT(BLKBACK_LEAVING),
	},
};

static bool blkback_set_state_locked(struct blkback *blkback,
				     enum blkback_state state)
{
	const struct blkback_transition *to = &blkback_transitions[state];

	lockdep_assert_held(&blkback->lock);
	if (!(to->from & BIT(blkback->state)))
		return false;
	/* A device that xenbus unregisters is not bound again. */
	if (state == BLKBACK_REMOVED)
		blkback->may_rebind = blkback->state != BLKBACK_LEAVING;
	WRITE_ONCE(blkback->state, state);
	if (to->published != XenbusStateUnknown)
		xenbus_switch_state(blkback->dev, to->published);
	return true;
}

/**
 * blkback_set_state() - have a device enter a state, and publish it
 * @blkback: the device
 * @state: the new state
 *
 * Context: the work item of the device, or its removal; takes blkback.lock and
 * waits for XenStore, but for nothing else.
 *
 * Return: false if the device cannot enter that state from the one that it is
 * in; then nothing was done.
 */
bool blkback_set_state(struct blkback *blkback, enum blkback_state state)
{
	bool entered;

	mutex_lock(&blkback->lock);
	entered = blkback_set_state_locked(blkback, state);
	mutex_unlock(&blkback->lock);
	return entered;
}

/*
 * A frontend can reconnect and be refused as often as it likes, so the reason is
 * logged at a limited rate, to not fill dom0's log.
 */
static void blkback_report(struct blkback *blkback, int err, const char *fmt,
			   va_list *args)
{
	struct va_format vaf = { .fmt = fmt, .va = args };

	if (__ratelimit(&blkback->log))
		xenbus_dev_error(blkback->dev, err, "%pV", &vaf);
}

/* What was refused is not served any more. */
static void blkback_close(struct blkback *blkback)
{
	if (blkback_set_state(blkback, BLKBACK_REFUSED) && blkback->conn)
		blkback_conn_refuse(blkback->conn);
}

/**
 * blkback_refuse() - close a device that cannot be, or is not to be, connected
 * @blkback: the device
 * @err: -errno
 * @fmt: what the frontend did wrong, or what failed on this side; for the log and
 *       for XenStore's error node
 *
 * Context: the work item of the device.
 */
void blkback_refuse(struct blkback *blkback, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	blkback_report(blkback, err, fmt, &args);
	va_end(args);
	blkback_close(blkback);
}
