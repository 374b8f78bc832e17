/* A program with an SQLite of its own: usage: static_host DATABASE MODULE. Loads the module, then runs each line of standard
   input as SQL and prints what it answers. Ends by saying whether another SQLite is in the process. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int print_row(void *unused, int count, char **values, char **names) {
    (void)unused, (void)names;
    for (int i = 0; i < count; ++i) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "");
    putchar('\n');
    return 0;
}

int main(int count, char **words) {
    char line[4096], *why = NULL;
    sqlite3 *db = NULL;
    if (count != 3 || sqlite3_open_v2(words[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL) != SQLITE_OK) return 2;
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, words[2], NULL, &why) != SQLITE_OK) {
        printf("load: %s\n", why);
        return 3;
    }
    while (fgets(line, sizeof line, stdin)) {
        int rc = sqlite3_exec(db, line, print_row, NULL, &why);
        if (rc != SQLITE_OK) printf("error %d: %s\n", rc, why);
        sqlite3_free(why);
        why = NULL;
    }
    if (sqlite3_close(db) != SQLITE_OK) return 4;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        if (strstr(line, "libsqlite3")) printf("another SQLite: %s", line);
    }
    if (maps) fclose(maps);
    return 0;
}
