/* An extension that loads another one, $MODULE, and pretends to be an SQLite that is too old, or another library than the
   one that has loaded it before. */
#include <dlfcn.h>
#include <sqlite3ext.h>
#include <stdlib.h>
#include <string.h>

SQLITE_EXTENSION_INIT1

typedef int Init(sqlite3 *, char **, const sqlite3_api_routines *);

static int load_with(const sqlite3_api_routines *table, sqlite3 *db, char **why) {
    void *module = dlopen(getenv("MODULE"), RTLD_NOW);
    void *symbol = module ? dlsym(module, "sqlite3_holdfastsqlite_init") : NULL;
    Init *init;
    if (!symbol) return SQLITE_ERROR;
    memcpy(&init, &symbol, sizeof init);
    return init(db, why, table);
}

static int version_of_long_ago(void) { return 3019003; }

int sqlite3_old_init(sqlite3 *db, char **why, const sqlite3_api_routines *api) {
    static sqlite3_api_routines table;
    SQLITE_EXTENSION_INIT2(api);
    table = *api;
    table.libversion_number = version_of_long_ago;
    return load_with(&table, db, why);
}

int sqlite3_other_init(sqlite3 *db, char **why, const sqlite3_api_routines *api) {
    static sqlite3_api_routines table;
    SQLITE_EXTENSION_INIT2(api);
    table = *api;
    return load_with(&table, db, why);
}
