#include "holdfast/bundle/named_layers.h"

#include <gtest/gtest.h>

#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

std::string said(std::string_view name) { return words_of(layers_named(name)); }

TEST(NamedLayers, AreToldByEveryEnding) {
    EXPECT_EQ(said("app.db"), "plain");
    EXPECT_EQ(said("app.db.gz"), "gzip");
    EXPECT_EQ(said("app.tar.zst.age"), "age, zstd, tar");
    EXPECT_EQ(said("app.tgz"), "gzip, tar");
    EXPECT_EQ(said("APP.TAR.GZ.GPG"), "OpenPGP, gzip, tar");
    EXPECT_EQ(said("app.db.xz"), "another format");
    EXPECT_EQ(said(".gz"), "plain") << "a name without a name";
    EXPECT_EQ(said("/gz/app"), "plain");
}

TEST(NamedLayers, ComeOffAndAreGiven) {
    EXPECT_EQ(without_layers("app_20250101_120000.db.gz.gpg"), "app_20250101_120000.db");
    EXPECT_EQ(without_layers("devteam-backup-20260129.tar.gz"), "devteam-backup-20260129");
    EXPECT_EQ(without_layers(".gz"), ".gz");
    EXPECT_EQ(with_layers("app.db.tgz", {ContentKind::zstd}), "app.db.zst");
    EXPECT_EQ(with_layers("app.tar.zst", {ContentKind::age, ContentKind::zstd, ContentKind::tar}), "app.tar.zst.age");
}

TEST(NamedLayers, ANameThatLiesIsRefusedWithTheTrueOne) {
    EXPECT_TRUE(expect_true_name("app.db.zst", {ContentKind::zstd}, "").ok());
    EXPECT_TRUE(expect_true_name("app.tzst", {ContentKind::zstd, ContentKind::tar}, "").ok());
    const auto plain = expect_true_name("app.tar.zst.age", {ContentKind::zstd, ContentKind::tar}, "--encrypt-for RECIPIENT");
    ASSERT_FALSE(plain.ok());
    EXPECT_EQ(plain.error().code(), ErrorCode::invalid);
    EXPECT_EQ(plain.error().message(), "write app.tar.zst.age: its name says age, zstd, tar, and it would be zstd, tar");
    EXPECT_EQ(plain.error().advice(), "--encrypt-for RECIPIENT; or --to 'app.tar.zst'");
    EXPECT_EQ(expect_true_name("app.db", {ContentKind::gzip}, "").error().advice(), "--to 'app.db.gz'");
}

}  // namespace
}  // namespace holdfast::bundle
