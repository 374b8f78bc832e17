#include "holdfast/bundle/unpacked.h"

#include <sys/stat.h>

#include "bundle/outside_files.h"

namespace holdfast::bundle {
namespace {

using Kinds = std::vector<ContentKind>;

TEST_F(OutsideFiles, APlainDatabaseIsLeftWhereItIs) {
    const auto unpacked = must(open("app.db"));
    ASSERT_EQ(unpacked.databases.size(), 1u);
    EXPECT_EQ(unpacked.databases[0].path, root / "app.db");
    EXPECT_EQ(unpacked.databases[0].name, "app.db");
    EXPECT_FALSE(unpacked.folder);
    EXPECT_TRUE(is_left_clean());
}

TEST_F(OutsideFiles, LayersArePeeledByContentWhateverTheNameSays) {
    in_folder("gzip -k app.db; zstd -q app.db; tar cf app.tar app.db; tar czf app.tgz app.db; tar --zstd -cf app.tzst app.db;"
              "cp app.db.gz picture.jpg; gzip -c app.db.zst > both.gz; pzstd -q -c app.db > parallel 2>/dev/null || zstd -q -T2 -c app.db > parallel");
    expect_original("app.db.gz", {ContentKind::gzip});
    expect_original("app.db.zst", {ContentKind::zstd});
    expect_original("app.tar", {ContentKind::tar});
    expect_original("app.tgz", {ContentKind::gzip, ContentKind::tar});
    expect_original("app.tzst", {ContentKind::zstd, ContentKind::tar});
    expect_original("picture.jpg", {ContentKind::gzip});
    expect_original("both.gz", {ContentKind::gzip, ContentKind::zstd});
    expect_original("parallel", {ContentKind::zstd});
    EXPECT_TRUE(is_left_clean());
    EXPECT_EQ(must(open("app.db.gz")).databases[0].name, "app.db");
}

TEST_F(OutsideFiles, StreamsThatFollowOneAnotherAreOne) {
    in_folder("head -c 5000 app.db | gzip > two.gz; tail -c +5001 app.db | gzip >> two.gz; cp two.gz padded.gz; head -c 777 /dev/zero >> padded.gz;"
              "head -c 5000 app.db | zstd -q > two.zst; tail -c +5001 app.db | zstd -q >> two.zst");
    expect_original("two.gz", {ContentKind::gzip});
    expect_original("padded.gz", {ContentKind::gzip});
    expect_original("two.zst", {ContentKind::zstd});
}

TEST_F(OutsideFiles, EveryKindOfTarIsRead) {
    for (const std::string kind : {"v7", "oldgnu", "gnu", "ustar", "posix"}) {
        in_folder(format("tar --format={0} -cf {0}.tar app.db", kind));
        expect_original(kind + ".tar", {ContentKind::tar});
    }
    const std::string longest(180, 'n');
    in_folder(format("mkdir {0}; cp app.db {0}/ä.db; tar cf long.tar {0}", longest));
    EXPECT_EQ(must(open("long.tar")).databases[0].name, longest + "/ä.db");
}

TEST_F(OutsideFiles, WhatIsUnpackedIsForTheOwnerAloneAndGoneAfterwards) {
    in_folder("gzip -k app.db");
    {
        const auto unpacked = must(open("app.db.gz"));
        struct stat file{}, folder{};
        ASSERT_EQ(::stat(unpacked.databases[0].path.c_str(), &file), 0);
        ASSERT_EQ(::stat(unpacked.folder->path().c_str(), &folder), 0);
        EXPECT_EQ(file.st_mode & 0777, 0600u);
        EXPECT_EQ(folder.st_mode & 0777, 0700u);
        EXPECT_FALSE(is_left_clean());
        EXPECT_THAT(open("app.db.gz"), Succeeds()) << "another one beside it";
        EXPECT_TRUE(std::filesystem::exists(unpacked.databases[0].path)) << "which takes nothing away that is in use";
    }
    EXPECT_TRUE(is_left_clean());
}

TEST_F(OutsideFiles, WhatAKilledProcessLeftIsRemovedByTheNext) {
    const std::string left = root / "unpacked/.holdfast-unpacked.0123456789abcdef";
    in_folder(format("mkdir -p '{0}' unpacked/mine; touch '{0}/lock' '{0}/1.db'; gzip -k app.db", left));
    must(open("app.db.gz"));
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_TRUE(std::filesystem::exists(root / "unpacked/mine"));
}

TEST_F(OutsideFiles, MembersAreNamedAndNeverWrittenByTheirNames) {
    in_folder("mkdir sub; cp app.db sub/x.db; tar -P --transform='s,sub/x.db,../../escaped.db,' -cf up.tar sub/x.db;"
              "tar -P --transform=\"s,sub/x.db,$PWD/absolute.db,\" -cf absolute.tar sub/x.db");
    EXPECT_EQ(must(open("up.tar")).databases[0].name, "../../escaped.db");
    EXPECT_EQ(must(open("absolute.tar")).databases[0].name, root / "absolute.db");
    EXPECT_FALSE(std::filesystem::exists(root / "absolute.db"));
    EXPECT_FALSE(std::filesystem::exists(root.path() + "/../escaped.db"));
    EXPECT_FALSE(std::filesystem::exists(root / "escaped.db"));
}

TEST_F(OutsideFiles, LinksAndDevicesAreLeftAloneAndTold) {
    in_folder("ln -s /etc/passwd link.db; ln app.db hard.db; mkfifo pipe; tar cf links.tar app.db link.db hard.db pipe");
    const auto unpacked = must(open("links.tar"));
    ASSERT_EQ(unpacked.databases.size(), 1u);
    EXPECT_EQ(unpacked.notes.size(), 3u);
    EXPECT_THAT(unpacked.notes[0], HasSubstr("link.db is a link or a device"));
}

TEST_F(OutsideFiles, SidecarsInATarLieBesideTheirDatabaseInAnyOrder) {
    in_folder("sqlite3 live.db 'PRAGMA journal_mode=wal; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(7);"
              "' '.shell cp live.db copy.db; cp live.db-wal copy.db-wal' >/dev/null; tar cf first.tar copy.db-wal copy.db; tar cf last.tar copy.db copy.db-wal;"
              "tar cf alone.tar copy.db-wal app.db");
    for (const std::string name : {"first.tar", "last.tar"}) {
        const auto unpacked = must(open(name));
        ASSERT_EQ(unpacked.databases.size(), 1u);
        EXPECT_TRUE(bytes_at(unpacked.databases[0].path + "-wal") == bytes_in("copy.db-wal")) << name;
        EXPECT_EQ(shell(format("sqlite3 '{}' 'SELECT x FROM t'", unpacked.databases[0].path)), "7\n") << name;
    }
    EXPECT_THAT(must(open("alone.tar")).notes.at(0), HasSubstr("came without it"));
}

TEST_F(OutsideFiles, ManyBackupsInOneTarEachHaveTheirNameAndTime) {
    in_folder("gzip -k app.db; mkdir backups; cp app.db backups/app_20250101_120000.db; cp app.db.gz backups/two.db.gz; tar czf inner.tgz app.db; cp inner.tgz backups/;"
              "printf '{\"backups\": []}' > backups/backup_metadata.json; echo hello > backups/readme; touch -d 2025-03-04T05:06:07Z backups/*; tar czf all.tgz --sort=name backups");
    const auto unpacked = must(open("all.tgz"));
    ASSERT_EQ(unpacked.databases.size(), 3u);
    EXPECT_EQ(unpacked.databases[0].name, "backups/app_20250101_120000.db");
    EXPECT_EQ(to_rfc3339(*unpacked.databases[0].modified), "2025-03-04T05:06:07.000Z");
    EXPECT_EQ(unpacked.databases[1].name, "app.db");
    EXPECT_EQ(unpacked.databases[1].layers, (Kinds{ContentKind::gzip, ContentKind::tar, ContentKind::gzip, ContentKind::tar}));
    EXPECT_EQ(unpacked.databases[2].name, "backups/two.db");
    for (const auto& database : unpacked.databases) EXPECT_TRUE(bytes_at(database.path) == original) << database.name;
    ASSERT_EQ(unpacked.texts.size(), 1u);
    EXPECT_EQ(unpacked.texts[0].name, "backups/backup_metadata.json");
    EXPECT_EQ(unpacked.texts[0].text, "{\"backups\": []}");
}

TEST_F(OutsideFiles, EveryCutAndEveryFlippedByteIsNoticedOrHarmless) {
    in_folder("gzip -k app.db; zstd -q app.db; tar cf app.tar app.db; tar czf app.tgz app.db; tar --zstd -cf app.tzst app.db");
    for (const std::string name : {"app.db.gz", "app.db.zst", "app.tgz", "app.tzst", "app.tar"}) {
        const std::string whole = bytes_in(name);
        for (std::size_t n = 0; n < 60; ++n) {
            const std::size_t size = n < 30 ? whole.size() - 1 - n : 20 + whole.size() / 60 * n;
            write("cut", std::string_view(whole).substr(0, size));
            const auto cut = open("cut");
            const bool is_padding = name == "app.tar" && size + 8192 > whole.size();  // GNU tar pads to 10 KiB
            EXPECT_TRUE(is_padding || !cut.ok()) << name << " cut to " << size << " of " << whole.size();
        }
        if (name == "app.tar") continue;  // has no checksum over content
        for (std::size_t n = 0; n < 60; ++n) {
            std::string bad = whole;
            bad[12 + (bad.size() - 12) / 60 * n] ^= 0x10;
            write("bad", bad);
            const auto opened = open("bad");
            EXPECT_TRUE(!opened || bytes_at(opened->databases.at(0).path) == original) << name << " flipped, place " << n;
        }
    }
    EXPECT_TRUE(is_left_clean());
}

TEST_F(OutsideFiles, BombsStopAtTheirLimits) {
    in_folder("{ cat app.db; head -c 200000000 /dev/zero; } | zstd -q > bomb.zst; cp app.db x; for i in 1 2 3 4 5 6 7 8 9 10; do gzip -c x > y; mv y x; done; mv x deep.gz;"
              "mkdir many; for i in $(seq 300); do : > many/$i; done; cp app.db many; tar cf many.tar many; head -c 200000000 /dev/zero | zstd -q > zeros.zst");
    limits.bytes_max = 50'000'000;
    EXPECT_THAT(open("bomb.zst"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(open("zeros.zst"), FailsWith(ErrorCode::invalid)) << "what is passed over counts";
    limits = {};
    EXPECT_THAT(open("deep.gz"), FailsWith(ErrorCode::invalid));
    limits.members_max = 200;
    EXPECT_THAT(open("many.tar"), FailsWith(ErrorCode::invalid));
    limits = {.room_left = std::uint64_t{1} << 60};
    in_folder("gzip -k app.db");
    EXPECT_THAT(open("app.db.gz"), FailsWith(ErrorCode::full));
    EXPECT_TRUE(is_left_clean());
}

TEST_F(OutsideFiles, WhatHoldsNoDatabaseIsRefusedByWhatItIs) {
    in_folder(": > empty; echo 'SELECT 1;' > dump.sql; gzip -k dump.sql; tar cf text.tar dump.sql; printf 'SQLite format 2' > old");
    EXPECT_THAT(open("empty"), FailsWith(ErrorCode::corrupt)) << "what was cut to nothing is damaged";
    for (const std::string name : {"dump.sql", "dump.sql.gz", "text.tar", "old"}) EXPECT_THAT(open(name), FailsWith(ErrorCode::invalid)) << name;
    EXPECT_THAT(open("missing"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(open("."), FailsWith(ErrorCode::invalid));
}

TEST_F(OutsideFiles, AWishToStopIsHeard) {
    in_folder("gzip -k app.db");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(Unpacked::open(host::real_host(), request("app.db.gz"), {.stop = stop.get_token()}), FailsWith(ErrorCode::cancelled));
}

}  // namespace
}  // namespace holdfast::bundle
