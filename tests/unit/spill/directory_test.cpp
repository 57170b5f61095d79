// Who may submit to what, known from memory, and the entry that a submission becomes.

#include "services/spill/directory.hpp"

#include <gtest/gtest.h>

#include "services/spill/entry.hpp"

namespace spillway::spill {
namespace {

using Partner = std::optional<std::string>;

Directory two_partners() {
    Directory directory;
    directory.load({{PartnerId("par_a"), "A", "active"}, {PartnerId("par_b"), "B", "active"}},
                   {{ConnectionId("con_a"), PartnerId("par_a"), "active", "on_sync"},
                    {ConnectionId("con_b"), PartnerId("par_b"), "paused", "on_sync"}});
    return directory;
}

std::string verdict(const Directory& directory, const Partner& partner, const std::string& connection) {
    const auto may = directory.check(partner, ConnectionId(connection));
    return may.ok() ? "ok" : may.error().code;
}

}  // namespace

TEST(Directory, KnowsWhatIntakeByTheStoreWouldHaveAnswered) {
    Directory directory = two_partners();
    EXPECT_EQ(verdict(directory, "par_a", "con_a"), "ok");
    EXPECT_EQ(verdict(directory, std::nullopt, "con_b"), "ok") << "paused connections accept";
    EXPECT_EQ(verdict(directory, "par_a", "con_b"), "not_found") << "of another partner";
    EXPECT_EQ(verdict(directory, "par_a", "con_none"), "not_found");
    EXPECT_EQ(verdict(directory, "par_none", "con_a"), "partner_suspended");
}

TEST(Directory, FollowsChanges) {
    Directory directory = two_partners();
    directory.put(PartnerId("par_a"), "suspended");
    EXPECT_EQ(verdict(directory, "par_a", "con_a"), "partner_suspended");
    EXPECT_EQ(verdict(directory, std::nullopt, "con_a"), "ok") << "the platform's keys go on, as with the store";
    directory.put(PartnerId("par_a"), "active");
    directory.put({ConnectionId("con_a"), PartnerId("par_a"), "disconnected", "on_sync"});
    EXPECT_EQ(verdict(directory, "par_a", "con_a"), "disconnected");
    directory.put({ConnectionId("con_new"), PartnerId("par_a"), "setup", "on_sync"});
    EXPECT_EQ(verdict(directory, "par_a", "con_new"), "ok");
}

TEST(Entry, ComesBackAsItWas) {
    Entry entry;
    entry.intake = {ConnectionId("con_a"), "key:k1", from_ms(1'767'603'600'123), queue::Priority::interactive};
    entry.kind = RecordKind::invoice;
    entry.external_id = ExternalId("Größe \"1\"\\");
    entry.record = R"({"total":100.10,"lines":[{"unit_price":50.0500}]})";
    entry.keyed = Entry::Keyed{"PUT /v1/x", "key\n1", "abc"};
    const std::string text = write_entry(entry);
    EXPECT_EQ(text.find('\0'), std::string::npos) << "a frame of the file must not hold what looks like one";
    const auto read = read_entry(text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_entry(*read), text);
    EXPECT_EQ(read->record, entry.record) << "amounts keep their text";
    EXPECT_EQ(read->external_id, entry.external_id);
    EXPECT_EQ(read->intake.now, entry.intake.now);
    EXPECT_EQ(read->keyed->key, "key\n1");
}

TEST(Entry, WhatCannotBeReadSaysSo) {
    for (const char* text : {"", "{", "[]", R"({"kind":"invoice"})",
                             R"({"connection":"c","kind":"nothing","external_id":"x","priority":"bulk"})",
                             R"({"connection":"c","kind":"item","external_id":"x","priority":"soon"})"}) {
        const auto read = read_entry(text);
        ASSERT_FALSE(read.ok()) << text;
        EXPECT_EQ(read.error().code, "bad_entry") << text;
    }
}

}  // namespace spillway::spill
