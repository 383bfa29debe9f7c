/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: what the files share that make up the life of a device,
 * from probe to the end of its last connection.
 */

#ifndef _XEN_BLKBACK_LIFE_H
#define _XEN_BLKBACK_LIFE_H

#include "blkback.h"

struct seq_file;

/* xenbus.c: devices come and go */
int blkback_xenbus_init(void);
void blkback_xenbus_exit(void);
int blkback_watch(struct blkback *blkback);
void blkback_let_go(struct blkback *blkback);
void blkback_unregister(struct blkback *blkback);
bool blkback_has_predecessor(struct blkback *blkback, bool *left);

/* follow.c: follows the frontend and the toolstack */
void blkback_work(struct work_struct *work);
void blkback_open_work(struct work_struct *work);
bool blkback_clean(struct blkback *blkback);

/* vbd.c: the disk */
int blkback_vbd_clean(struct blkback *blkback);

/* connect.c: connects to a frontend */
void blkback_connect(struct blkback *blkback);
bool blkback_refresh_disk(struct blkback *blkback);

/* state.c: the state of a device */
static inline enum blkback_state blkback_get_state(const struct blkback *blkback)
{
	return READ_ONCE(blkback->state);
}

bool blkback_set_state(struct blkback *blkback, enum blkback_state state);
__printf(3, 4)
void blkback_refuse(struct blkback *blkback, int err, const char *fmt, ...);

/* drain.c: waiting for a connection to end */
bool blkback_drained(struct blkback *blkback, unsigned long timeout);
void blkback_end_conn(struct blkback *blkback, struct blkback_conn *conn,
		      bool abandon);
void blkback_leave_conn(struct blkback *blkback);
bool blkback_may_rebind(struct blkback *blkback);
void blkback_drain_notice(struct work_struct *work);
void blkback_drain_begins(struct blkback_conn *conn);
void blkback_drain_ends(struct blkback_conn *conn);
unsigned int blkback_drain_requests(const struct xenbus_device *dev,
				    unsigned int *seconds);
void blkback_drain_abandon_all(void);
void blkback_drain_show(struct seq_file *m);

/* keys.c: what others have written to XenStore */
void blkback_keys_inherit_offer(struct blkback *blkback);
int blkback_keys_choice(struct blkback *blkback, struct blkif_choice *choice);
int blkback_keys_queue(struct blkback *blkback,
		       const struct blkif_choice *choice, unsigned int index,
		       struct blkback_queue_keys *keys);
int blkback_keys_state(struct blkback *blkback, int *state);
bool blkback_keys_online(struct xenbus_device *dev);
bool blkback_keys_offline(struct xenbus_device *dev);
bool blkback_keys_separate(struct blkback *blkback);
void blkback_keys_remove_choice(struct blkback *blkback);
void blkback_keys_check_pi(struct blkback *blkback);
void blkback_keys_name(struct xenbus_device *dev, char *name, size_t size);
domid_t blkback_keys_own_domain(void);
bool blkback_keys_cdrom(struct blkback *blkback);
bool blkback_keys_discard(struct xenbus_device *dev);
bool blkback_keys_writable(struct xenbus_device *dev, bool before);

/* publish.c: what this driver writes to XenStore */
int blkback_publish_offer(struct blkback *blkback);
int blkback_publish_disk(struct blkback *blkback,
			 const struct blkback_vbd_offer *offer);
int blkback_publish_change(const struct blkback *blkback);

#endif /* _XEN_BLKBACK_LIFE_H */
