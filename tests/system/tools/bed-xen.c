// SPDX-License-Identifier: GPL-2.0
/*
 * What Xen knows, by one program start instead of a dozen of xl's.
 *
 *	bed-xen look FILE	grants in use and event channels of every domain, and
 *				zombies, a line each; Xen's other messages since the
 *				last look go to the end of FILE
 *	bed-xen channels	event channels of every domain and zombies alone, which
 *				is quick however many grants there are
 *	bed-xen grant FILE DOMAIN REFERENCE...
 *				the flags of grants that a domain has mapped, in
 *				hexadecimal, a line each; Xen's messages go to FILE
 *	bed-xen frames FILE DOMAIN
 *				"grant REFERENCE FRAME" for each grant of a domain that is
 *				mapped, and "shared_info DOMAIN FRAME" for each domain,
 *				frames in hexadecimal; Xen's messages go to FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#define RING		(4u << 20)
#define DOMAINS		64
#define DUMP_BEGIN	"gnttab_usage_print_all [ key"
#define DUMP_END	"gnttab_usage_print_all ] done"

static xc_interface *xc;
static char ring[RING + 1];

/* Xen's console ring from its start or, with clear, for the last time. */
static void read_ring(int clear)
{
	unsigned int n = RING;

	if (xc_readconsolering(xc, ring, &n, clear, 0, NULL)) {
		perror("bed-xen: Xen's console cannot be read");
		exit(1);
	}
	ring[n] = '\0';
}

/* Entries that some domain has mapped, counted by the domain that granted them. */
static void count_grants(char *from)
{
	int domain = -1, count = 0;
	char *line, *save, *p;

	for (line = strtok_r(from, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		p = strstr(line, "for remote d");
		if (p || strstr(line, DUMP_END)) {
			if (domain >= 0)
				printf("grants of d%d in use: %d\n", domain, count);
			domain = p ? atoi(p + strlen("for remote d")) : -1;
			count = 0;
		} else if (strstr(line, "[0x")) {
			count++;
		}
	}
}

/* The flags of one, as the granting domain's table has them. */
static void grant_flags(const char *dump, int domain, int ref)
{
	char head[64], entry[32];
	const char *from, *to, *line, *end;

	snprintf(head, sizeof(head), "for remote d%d ", domain);
	snprintf(entry, sizeof(entry), "[0x%03x]", ref);
	from = strstr(dump, head);
	to = from ? strstr(from + 1, "for remote d") : NULL;
	line = from ? strstr(from, entry) : NULL;
	end = line ? strchr(line, '\n') : NULL;
	if (!end || (to && line > to)) {
		fprintf(stderr, "bed-xen: nobody has grant %d of d%d mapped\n", ref, domain);
		exit(1);
	}
	while (end[-1] != ' ')
		end--;
	printf("%lx\n", strtoul(end, NULL, 16));
}

/* The frames of all that some domain has mapped. */
static void grant_frames(char *dump, int domain)
{
	char *line, *save, *p;
	unsigned long frame;
	unsigned int ref;
	int of = -1;

	for (line = strtok_r(dump, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		p = strstr(line, "for remote d");
		if (p)
			of = atoi(p + strlen("for remote d"));
		p = strstr(line, "[0x");
		if (p && of == domain && sscanf(p, "[0x%x] %*d 0x%lx", &ref, &frame) == 2)
			printf("grant %u %lx\n", ref, frame);
	}
}

static void shared_info_frames(void)
{
	xc_domaininfo_t info[DOMAINS];
	int i, n;

	n = xc_domain_getinfolist(xc, 0, DOMAINS, info);
	for (i = 0; i < n; i++)
		printf("shared_info %u %lx\n", info[i].domain, (unsigned long)info[i].shared_info_frame);
}

/* Return: the dump of all grant tables. */
static char *grants(FILE *rest)
{
	char key[] = "g", *begin = NULL, *end = NULL;
	int tries;

	if (xc_send_debug_keys(xc, key)) {
		perror("bed-xen: debug key");
		exit(1);
	}
	for (tries = 0; tries < 600; tries++) {
		read_ring(0);
		begin = strstr(ring, DUMP_BEGIN);
		end = begin ? strstr(begin, DUMP_END) : NULL;
		if (end)
			break;
		usleep(50000);
	}
	if (!end) {
		fprintf(stderr, "bed-xen: Xen does not print its grant tables\n");
		exit(1);
	}
	/* What was said before, then the dump, then what was said after it. */
	read_ring(1);
	begin = strstr(ring, DUMP_BEGIN);
	end = begin ? strstr(begin, DUMP_END) : NULL;
	if (!end)
		exit(1);
	fwrite(ring, 1, begin - ring, rest);
	fputc('\n', rest);
	end = strchr(end, '\n');
	if (end) {
		fputs(end + 1, rest);
		end[1] = '\0';
	}
	return begin;
}

static void event_channels(int domain)
{
	xc_evtchn_status_t s;
	int port, n = 0;

	for (port = 0;; port++) {
		memset(&s, 0, sizeof(s));
		s.dom = domain;
		s.port = port;
		if (xc_evtchn_status(xc, &s))
			break;
		n += s.status != EVTCHNSTAT_closed;
	}
	printf("event channels of d%d: %d\n", domain, n);
}

static void look_at_domains(void)
{
	xc_domaininfo_t info[DOMAINS];
	int i, n;

	n = xc_domain_getinfolist(xc, 0, DOMAINS, info);
	for (i = 0; i < n; i++) {
		if (info[i].flags & XEN_DOMINF_dying)
			printf("zombie: d%u, %lu pages\n", info[i].domain,
			       (unsigned long)info[i].tot_pages);
		else
			event_channels(info[i].domain);
	}
}

int main(int argc, char **argv)
{
	int i;
	char *dump;
	FILE *rest;

	xc = xc_interface_open(NULL, NULL, 0);
	if (!xc) {
		perror("bed-xen");
		return 1;
	}
	if (argc == 2 && !strcmp(argv[1], "channels")) {
		look_at_domains();
		return xc_interface_close(xc) != 0;
	}
	if (argc < 3 || (strcmp(argv[1], "look") && strcmp(argv[1], "grant") && strcmp(argv[1], "frames")))
		return 2;
	if (!strcmp(argv[1], "frames") && argc < 4)
		return 2;
	rest = fopen(argv[2], "a");
	if (!rest) {
		perror("bed-xen");
		return 1;
	}
	dump = grants(rest);
	if (!strcmp(argv[1], "grant")) {
		for (i = 4; i < argc; i++)
			grant_flags(dump, atoi(argv[3]), atoi(argv[i]));
		return fclose(rest) != 0;
	}
	if (!strcmp(argv[1], "frames")) {
		grant_frames(dump, atoi(argv[3]));
		shared_info_frames();
		return fclose(rest) != 0;
	}
	count_grants(dump);
	look_at_domains();
	fclose(rest);
	xc_interface_close(xc);
	return 0;
}
