/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Separate rings, lap bytes and event words, as in xen-blkif/separate.h.
 *
 * Four processes, as many as there can be: the frontend's submission and its
 * interrupt handler, the backend's taking and its answering, in any order.
 * What is checked, for all interleavings:
 *
 *   - no slot is overwritten before it was read, and none is read that was not
 *     wholly written (asserts on the ghost variables live_*)
 *   - no request is lost, taken twice or answered twice (asserts on state[])
 *   - no wake-up is lost: every request is answered, and whoever sleeps then
 *     has nothing to do (no invalid end state).  The interrupt handler may ask
 *     for any response up to the last one that is in flight, not only the next.
 *   - no request of this frontend, which keeps the rules, looks to the backend
 *     like one more than there are slots (assert on answered)
 *
 * Counts are bytes that start just below 256 and wrap.  Build with one of these
 * and the model fails:
 *
 *   -DFAULT_LOOK   look for the last time before arming
 *   -DFAULT_LAP    publish the lap byte before the body
 *   -DFAULT_COUNT  count an answer after it was published
 *   -DFAULT_AHEAD  ask for a response behind the last one that is in flight
 *   -DFAULT_KICK   do not look again after an event was acknowledged
 *
 * What is in flight only becomes more but by the handler's own doing, so that it
 * may as well look at it in the step that stores the event word.
 *
 * What only one process can see is joined into one step with the access before
 * or after it that others see:
 *   - the body of a slot is written when the slot is chosen, because nobody
 *     reads it before the lap byte, which is a step of its own
 *   - it is read in the step that finds the lap byte, because what happens
 *     between the two can as well happen before both: the slot stays as it is
 *     for as long as it is live
 *   - a push reads the event word and notifies in one step; a notification
 *     that comes later than that wakes who would have been awake
 * A look at a ring, the store to the event word and the last look are steps of
 * their own.
 */

#ifndef SLOTS
#define SLOTS	2
#endif
#ifndef REQUESTS
#define REQUESTS 5
#endif

#define START	254	/* of all counts */
#define END	((START + REQUESTS) & 255)
#define ADD(count, n)	(((count) + (n)) & 255)

/* A tag in flight is put, taken, answered and then free again. */
#define FREE	0
#define PUT	1
#define TAKEN	2
#define ANSWERED 3

byte state[SLOTS];

byte req_lap[SLOTS], req_body[SLOTS];
byte rsp_lap[SLOTS], rsp_body[SLOTS];
bool live_req[SLOTS], live_rsp[SLOTS];
byte req_event = START + 1, rsp_event = START + 1;

/*
 * Event channels latch.  The backend's handler leaves word for the thread, and
 * until that has seen it another event is latched, as in xen-blkback/queue.c.
 */
bool irq_back, irq_front;
bool kicked;

byte in_flight;		/* tags that are not free */
byte answered = START;	/* the backend's count of responses */

#define NEXT(slot, lap)							\
	slot++;								\
	if								\
	:: slot == SLOTS -> slot = 0; lap = 3 - lap			\
	:: else								\
	fi

/* Did the step from @from to @to pass @event?  Modulo 256. */
#define PASSED(event, from, to)						\
	(((to - event) & 255) < ((to - from) & 255))

#if SLOTS == 1
#define ANY_TAKEN	(state[0] == TAKEN)
#elif SLOTS == 2
#define ANY_TAKEN	(state[0] == TAKEN || state[1] == TAKEN)
#else
#define ANY_TAKEN							\
	(state[0] == TAKEN || state[1] == TAKEN || state[2] == TAKEN)
#endif

#ifdef FAULT_LAP
#define FIRST(what, slot, mark, val)	what##_lap[slot] = mark
#define SECOND(what, slot, mark, val)	what##_body[slot] = val
#else
#define FIRST(what, slot, mark, val)	what##_body[slot] = val
#define SECOND(what, slot, mark, val)	what##_lap[slot] = mark
#endif

#ifdef FAULT_AHEAD
#define BEHIND	1
#else
#define BEHIND	0
#endif

proctype submit()
{
	byte slot, lap = 1, count = START, checked = START, tag;

	do
	:: d_step {
		count != END && in_flight < SLOTS ->
		/* Any free tag is as good as any other. */
		do
		:: state[tag] != FREE -> tag++
		:: else -> break
		od;
		state[tag] = PUT;
		in_flight++;
		assert(!live_req[slot]);
		live_req[slot] = true;
		FIRST(req, slot, lap, tag)
	   }
	   d_step {
		SECOND(req, slot, lap, tag);
		NEXT(slot, lap);
		count = ADD(count, 1);
		tag = 0
	   }

	/* A push at any time, but always before waiting. */
	:: d_step {
		checked != count ->
		if
		:: PASSED(req_event, checked, count) ->
			if
			:: kicked -> irq_back = true
			:: else -> kicked = true
			fi
		:: else
		fi;
		checked = count
	   }
	:: count == END && checked == count -> break
	od
}

proctype complete()
{
	byte slot, lap = 1, count = START, tag;

again:
	do
	:: count == END -> break
	:: d_step {
		count != END && rsp_lap[slot] == lap ->
		tag = rsp_body[slot];
		assert(live_rsp[slot]);
		live_rsp[slot] = false;
		assert(state[tag] == ANSWERED);
		state[tag] = FREE;
		NEXT(slot, lap);
		count = ADD(count, 1);
		in_flight--;
		tag = 0
	   }
	:: count != END && rsp_lap[slot] != lap ->
		if
		:: rsp_event = ADD(count, 1)
#if SLOTS > 1
		:: d_step { in_flight + BEHIND > 1 -> rsp_event = ADD(count, 2) }
#endif
#if SLOTS > 2
		:: d_step { in_flight + BEHIND > 2 -> rsp_event = ADD(count, 3) }
#endif
		fi;
#ifndef FAULT_LOOK
		if
		:: rsp_lap[slot] == lap -> goto again
		:: else
		fi;
#endif
		d_step { irq_front -> irq_front = false }
	od
}

proctype take()
{
	byte slot, lap = 1, count = START, tag;

again:
	do
	:: d_step {
		req_lap[slot] == lap ->
		assert(ADD(count, -answered) < SLOTS);
		tag = req_body[slot];
		assert(live_req[slot]);
		live_req[slot] = false;
		assert(state[tag] == PUT);
		state[tag] = TAKEN;
		NEXT(slot, lap);
		count = ADD(count, 1);
		tag = 0
	   }
	:: req_lap[slot] != lap ->
		req_event = ADD(count, 1);
		if
		:: req_lap[slot] == lap
		:: else ->
			if
			:: d_step {
				kicked ->
				kicked = irq_back;
				irq_back = false
			   }
#ifndef FAULT_KICK
				if
				:: req_lap[slot] == lap -> goto again
				:: else
				fi
#endif
			:: else
			fi;
end_take:		kicked
		fi
	od
}

#ifdef FAULT_COUNT
#define COUNT_FIRST	skip
#define COUNT_LATE	; answered = ADD(answered, 1)
#else
#define COUNT_FIRST	answered = ADD(answered, 1)
#define COUNT_LATE
#endif

#define ANSWER(n)							\
	d_step {							\
		state[n] == TAKEN ->					\
		state[n] = ANSWERED;					\
		assert(!live_rsp[slot]);				\
		live_rsp[slot] = true;					\
		COUNT_FIRST;						\
		FIRST(rsp, slot, lap, n)				\
	}								\
	d_step {							\
		SECOND(rsp, slot, lap, n);				\
		NEXT(slot, lap);					\
		count = ADD(count, 1)					\
	} COUNT_LATE

proctype answer()
{
	byte slot, lap = 1, count = START, checked = START;

	do
	/* Any request that was taken, in any order. */
	:: ANSWER(0)
#if SLOTS > 1
	:: ANSWER(1)
#endif
#if SLOTS > 2
	:: ANSWER(2)
#endif
	/* A push at any time, but always before waiting. */
	:: d_step {
		checked != count ->
		if
		:: PASSED(rsp_event, checked, count) -> irq_front = true
		:: else
		fi;
		checked = count
	   }
	:: checked == count ->
end_answer:	ANY_TAKEN
	od
}

init
{
	atomic {
		run submit();
		run complete();
		run take();
		run answer()
	}
}
