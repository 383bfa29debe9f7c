// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a target on files instead of under libFuzzer, for compilers that have
 * none:
 *
 *   TARGET [FILE|DIRECTORY]...      without an argument, FUZZ_CORPUS
 *
 * Prints 'ok' and the number of inputs, or the input that failed.
 */

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

/* Of the address sanitizer, if there is one. */
void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((__weak__));

static char current[4096];

static void blame(void)
{
	static const char words[] = "# failed on the input ";
	ssize_t done = write(2, words, sizeof(words) - 1);

	done = write(2, current, strlen(current));
	done = write(2, "\n", 1);
	(void)done;
}

static void on_abort(int sig)
{
	blame();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void replay_file(const char *path, long size)
{
	FILE *file = fopen(path, "rb");
	u8 *data;

	if (!file) {
		perror(path);
		exit(2);
	}
	/* Of the exact size, and never NULL. */
	data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, file) != (size_t)size) {
		perror(path);
		exit(2);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

/* Return: the number of inputs. */
static unsigned int replay(const char *path)
{
	unsigned int nr = 0;
	struct dirent *entry;
	char name[sizeof(current)];
	struct stat st;
	DIR *dir;

	if (stat(path, &st)) {
		perror(path);
		exit(2);
	}
	if (!S_ISDIR(st.st_mode)) {
		snprintf(current, sizeof(current), "%s", path);
		replay_file(path, st.st_size);
		return 1;
	}
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		nr += replay(name);
	}
	if (dir)
		closedir(dir);
	return nr;
}

int main(int argc, char **argv)
{
	unsigned int nr = 0;
	int i;

	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(blame);
	for (i = 1; i < argc; i++)
		nr += replay(argv[i]);
#ifdef FUZZ_CORPUS
	if (argc == 1)
		nr += replay(FUZZ_CORPUS);
#endif
	if (!nr) {
		fprintf(stderr, "there is no input\n");
		return 2;
	}
	printf("ok 1 %u inputs\n", nr);
	return 0;
}
