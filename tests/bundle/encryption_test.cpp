#include "holdfast/bundle/encryption.h"

#include "bundle/outside_files.h"
#include "holdfast/bundle/compressed.h"
#include "holdfast/bundle/sinks.h"
#include "holdfast/bundle/tar_writer.h"

namespace holdfast::bundle {
namespace {

class Encrypted : public OutsideFiles {
protected:
    Encrypted() {
        write("passphrase", "correct horse\n");
        write("wrong", "battery staple\n");
        in_folder("age-keygen -o identity 2>/dev/null; age-keygen -y identity > recipient; age-keygen -o other 2>/dev/null");
        secrets = {.passphrase_file = root / "passphrase", .age_identity = root / "identity"};
    }
    void make_gpg_key() {
        in_folder("gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key somebody@example.org default default never 2>/dev/null");
    }
    std::string recipient() { return std::string(trim(bytes_in("recipient"))); }
    static constexpr const char* symmetric = "gpg --batch --quiet --pinentry-mode loopback --passphrase-file passphrase --symmetric";

    Result<void> output(const std::string& name, const Recipient& to, std::string_view bytes) {
        auto sink = TRY(open_output(host::real_host(), {.path = root / name, .recipient = to}, {}));
        TRY(sink->write(bytes_of(bytes)));
        return sink->finish();
    }
};

TEST_F(Encrypted, FilesOfGpgAndAgeAreOpened) {
    make_gpg_key();
    in_folder(format("{0} -o app.db.gpg app.db; {0} --armor -o app.db.asc app.db; gzip -k app.db; {0} -o app.db.gz.gpg app.db.gz;"
                     "gpg --batch --quiet --trust-model always -r somebody@example.org -o key.gpg --encrypt app.db;"
                     "age -R recipient -o app.db.age app.db; age -a -R recipient -o armored app.db; tar --zstd -cf a.tar.zst app.db; age -R recipient -o a.tar.zst.age a.tar.zst;"
                     "tar cf of_sealed.tar app.db.gz.gpg", symmetric));
    using enum ContentKind;
    expect_original("app.db.gpg", {openpgp});
    expect_original("app.db.asc", {openpgp_armor});
    expect_original("app.db.gz.gpg", {openpgp, gzip});
    expect_original("key.gpg", {openpgp});
    expect_original("app.db.age", {age});
    expect_original("armored", {age_armor});
    expect_original("a.tar.zst.age", {age, zstd, tar});
    expect_original("of_sealed.tar", {tar, openpgp, gzip});
    EXPECT_TRUE(is_left_clean());
}

TEST_F(Encrypted, AWrongOrMissingKeyIsDenied) {
    in_folder(format("{} -o app.db.gpg app.db; age -R recipient -o app.db.age app.db", symmetric));
    secrets = {.passphrase_file = root / "wrong", .age_identity = root / "other"};
    EXPECT_THAT(open("app.db.gpg"), FailsWith(ErrorCode::denied));
    EXPECT_THAT(open("app.db.age"), FailsWith(ErrorCode::denied));
    secrets = {};
    EXPECT_THAT(open("app.db.gpg"), FailsWith(ErrorCode::denied));
    const auto without = open("app.db.age");
    ASSERT_THAT(without, FailsWith(ErrorCode::denied));
    EXPECT_THAT(without.error().advice(), HasSubstr("--age-identity"));
    secrets.passphrase_file = root / "missing";
    EXPECT_THAT(open("app.db.gpg"), FailsWith(ErrorCode::not_found));
    EXPECT_TRUE(is_left_clean());
}

TEST_F(Encrypted, DamagedAndCutFilesAreNeverGivenOut) {
    in_folder(format("{} --compress-algo none -o gpg app.db; age -R recipient -o age app.db", symmetric));
    for (const std::string name : {"gpg", "age"}) {
        const std::string whole = bytes_in(name);
        for (const std::size_t at : {whole.size() - 1, whole.size() / 2, whole.size() - 30}) {
            std::string bad = whole;
            bad[at] ^= 1;
            write("bad", bad);
            EXPECT_THAT(open("bad"), FailsWith(ErrorCode::corrupt)) << name << " flipped at " << at;
            write("bad", whole.substr(0, at));
            EXPECT_THAT(open("bad"), FailsWith(ErrorCode::corrupt)) << name << " cut to " << at;
        }
    }
}

TEST_F(Encrypted, ThatAgeTakesNoPassphraseFromProgramsIsSaid) {
    write("app.age", "age-encryption.org/v1\n-> scrypt dGVzdHRlc3R0ZXN0dGVzdA 18\nAAAA\n--- AAAA\n");
    const auto opened = open("app.age");
    ASSERT_THAT(opened, FailsWith(ErrorCode::denied));
    EXPECT_THAT(opened.error().message(), HasSubstr("on a terminal only"));
}

TEST_F(Encrypted, AMissingProgramIsNamedWithItsPackage) {
    in_folder(format("{} -o app.db.gpg app.db; age -R recipient -o app.db.age app.db", symmetric));
    const std::string path = ::getenv("PATH");
    ::setenv("PATH", root.path().c_str(), 1);
    const auto by_gpg = open("app.db.gpg"), by_age = open("app.db.age");
    ::setenv("PATH", path.c_str(), 1);
    ASSERT_THAT(by_gpg, FailsWith(ErrorCode::unavailable));
    EXPECT_EQ(by_gpg.error().advice(), "apt install gnupg");
    ASSERT_THAT(by_age, FailsWith(ErrorCode::unavailable));
    EXPECT_EQ(by_age.error().advice(), "apt install age");
}

TEST_F(Encrypted, WhatIsMadeHereGpgAndAgeOpen) {
    make_gpg_key();
    const std::string fingerprint = std::string(trim(in_folder("gpg --with-colons --list-keys 2>/dev/null | grep -m1 ^fpr | cut -d: -f10")));
    ASSERT_THAT(output("p.gpg", {.passphrase_file = root / "passphrase"}, original), Succeeds());
    ASSERT_THAT(output("k.gpg", {.name = fingerprint}, original), Succeeds());
    ASSERT_THAT(output("r.age", {.name = recipient()}, original), Succeeds());
    ASSERT_THAT(output("f.age", {.name = root / "recipient"}, original), Succeeds());
    in_folder("for f in p k; do gpg --batch --quiet --pinentry-mode loopback --passphrase-file passphrase -d $f.gpg 2>/dev/null | cmp - app.db; done;"
              "for f in r f; do age -d -i identity $f.age | cmp - app.db; done; test $(stat -c %a p.gpg) = 600; test $(stat -c %a r.age) = 600");
    EXPECT_THAT(output("r.age", {.name = recipient()}, original), FailsWith(ErrorCode::exists));
    EXPECT_THAT(output("none.gpg", {.name = "nobody@example.org"}, original), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(output("none.age", {.name = "age1nonsense"}, original), FailsWith(ErrorCode::invalid));
    EXPECT_FALSE(std::filesystem::exists(root / "none.gpg"));
    EXPECT_EQ(in_folder("ls -a | grep '\\.new$' || true"), "");
}

class Written : public OutsideFiles {
protected:
    Result<void> write_tar(const std::string& name, StreamFormat format, const std::string& bytes) {
        auto file = TRY(open_output(host::real_host(), {.path = root / name}, {}));
        const auto packed = compressing(*file, format);
        const auto tar = TRY(TarWriter::open(*packed));
        const Timestamp time = must(timestamp_of({.year = 2026, .month = 2, .day = 3, .hour = 4, .minute = 5, .second = 6}, 0));
        TRY(tar->begin({.name = "dätabase.db", .size = bytes.size(), .modified = time}));
        TRY(tar->write(bytes_of(bytes)));
        TRY(tar->begin({.name = "empty", .size = 0, .modified = time}));
        TRY(tar->begin({.name = std::string(150, 'n') + "/x", .size = 2, .modified = time}));
        TRY(tar->write(bytes_of("hi")));
        TRY(tar->finish());
        return packed->finish();
    }
};

TEST_F(Written, ATarIsReadByTarAndIsTheSameEveryTime) {
    ASSERT_THAT(write_tar("a.tar.zst", StreamFormat::zstd, original), Succeeds());
    ASSERT_THAT(write_tar("b.tar.zst", StreamFormat::zstd, original), Succeeds());
    ASSERT_THAT(write_tar("a.tar.gz", StreamFormat::gzip, original), Succeeds());
    ASSERT_THAT(write_tar("b.tar.gz", StreamFormat::gzip, original), Succeeds());
    in_folder("cmp a.tar.zst b.tar.zst; cmp a.tar.gz b.tar.gz; zstd -q -t a.tar.zst; gzip -t a.tar.gz; zstd -lv a.tar.zst 2>/dev/null | grep -q XXH64; mkdir zst gz;"
              "{ tar -C zst -xf a.tar.zst; tar -C gz -xzf a.tar.gz; } 2>/dev/null; cmp zst/dätabase.db app.db; cmp gz/dätabase.db app.db; test -f zst/empty; test \"$(cat zst/n*/x)\" = hi");
    EXPECT_THAT(in_folder("TZ=UTC tar --numeric-owner -tvf a.tar.gz 2>/dev/null"), HasSubstr("-rw------- 0/0"));
    EXPECT_THAT(in_folder("TZ=UTC tar --numeric-owner -tvf a.tar.gz 2>/dev/null"), HasSubstr("2026-02-03 04:05 d"));
    EXPECT_EQ(in_folder("head -c 8 a.tar.gz | od -An -tx1 | tr -d ' \\n'"), "1f8b080000000000") << "no name, no time";
}

TEST_F(Written, NothingOfThatNameIsThereUntilItIsFinished) {
    {
        const auto sink = must(open_output(host::real_host(), {.path = root / "new/out"}, {}));
        must(sink->write(bytes_of("half")));
        EXPECT_FALSE(std::filesystem::exists(root / "new/out"));
    }
    EXPECT_TRUE(std::filesystem::is_empty(root / "new"));
    write("there", "old");
    EXPECT_THAT(open_output(host::real_host(), {.path = root / "there"}, {}), FailsWith(ErrorCode::exists));
    const auto sink = must(open_output(host::real_host(), {.path = root / "there", .replace = true}, {}));
    must(sink->write(bytes_of("new")));
    EXPECT_EQ(bytes_in("there"), "old");
    must(sink->finish());
    EXPECT_EQ(bytes_in("there"), "new");
    EXPECT_THAT(open_output(host::real_host(), {.path = root.path(), .replace = true}, {}), FailsWith(ErrorCode::invalid));
}

TEST_F(Written, BytesComeBackHoweverTheyAreCut) {
    for (const auto format : {StreamFormat::gzip, StreamFormat::zstd}) {
        std::string packed;
        StreamCompressor compressor(format, [&](ByteView ready) -> Result<void> {
            packed += text_of(ready);
            return {};
        });
        for (std::size_t at = 0; at < original.size(); at += 777) must(compressor.write(bytes_of(std::string_view(original).substr(at, 777))));
        must(compressor.finish());
        for (const std::size_t step : {std::size_t{1}, std::size_t{13}, std::size_t{100'000}}) {
            StreamDecompressor decompressor(format);
            std::string plain;
            Bytes room(step);
            for (std::size_t at = 0; at < packed.size();) {
                ByteView waiting = bytes_of(std::string_view(packed).substr(at, step));
                at += waiting.size();
                for (;;) {
                    const auto got = must(decompressor.step(waiting, room));
                    plain += text_of(ByteView(room).first(got));
                    if (got == 0 && waiting.empty()) break;
                }
            }
            EXPECT_TRUE(plain == original) << step;
            EXPECT_TRUE(decompressor.may_end());
        }
    }
}

}  // namespace
}  // namespace holdfast::bundle
