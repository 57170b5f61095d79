// Where a webhook may not go.

#include <gtest/gtest.h>

#include "services/webhooks/target.hpp"

namespace spillway::test {
namespace {

using namespace webhooks;

TEST(Target, AddressesOfThePublicInternetOnly) {
    for (const char* good : {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.169.0.1", "223.255.255.255",
                             "2606:4700::1111", "2a00:1450::1"})
        EXPECT_TRUE(is_public(boost::asio::ip::make_address(good))) << good;
    for (const char* bad : {"0.0.0.0",
                            "10.0.0.1",
                            "10.255.255.255",
                            "100.64.0.1",
                            "100.127.255.255",
                            "127.0.0.1",
                            "127.255.0.1",
                            "169.254.169.254",
                            "172.16.0.1",
                            "172.31.255.255",
                            "192.0.0.8",
                            "192.0.2.1",
                            "192.88.99.1",
                            "192.168.1.1",
                            "198.18.0.1",
                            "198.19.255.255",
                            "198.51.100.1",
                            "203.0.113.1",
                            "224.0.0.1",
                            "239.255.255.255",
                            "240.0.0.1",
                            "255.255.255.255",
                            "::",
                            "::1",
                            "::127.0.0.1",
                            "::ffff:127.0.0.1",
                            "::ffff:8.8.8.8",
                            "64:ff9b::8.8.8.8",
                            "64:ff9b:1::1",
                            "100::1",
                            "2001::1",
                            "2001:db8::1",
                            "2002:7f00:1::",
                            "2002:808:808::",
                            "3fff::1",
                            "fc00::1",
                            "fd12:3456::1",
                            "fe80::1",
                            "fec0::1",
                            "ff02::1"})
        EXPECT_FALSE(is_public(boost::asio::ip::make_address(bad))) << bad;
}

TEST(Target, HttpsOnPort443AtAPublicNameOrAddress) {
    const auto good = check_url("https://Hooks.Partner.example/in?a=1&b=%20", {});
    ASSERT_TRUE(good.ok()) << good.error().detail;
    EXPECT_EQ(good->origin, "https://hooks.partner.example:443");
    EXPECT_EQ(good->path, "/in?a=1&b=%20");
    EXPECT_EQ(check_url("https://partner.example", {})->path, "/");
    EXPECT_EQ(check_url("https://partner.example?x", {})->path, "/?x");
    EXPECT_TRUE(check_url("https://8.8.8.8/", {}).ok());
    for (const char* bad :
         {"http://partner.example/", "https://partner.example:8443/", "https://localhost/", "https://intranet/",
          "https://a.localhost/", "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/",
          "https://0177.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/",
          "https://169.254.169.254/latest/meta-data", "https://10.0.0.1./"}) {
        const auto refused = check_url(bad, {});
        EXPECT_FALSE(refused.ok()) << bad;
    }
    for (const char* bad :
         {"", "partner.example", "ftp://partner.example/", "https://", "https:///x", "https://user@partner.example/",
          "https://partner.example/a b", "https://partner.example/a\r\nx: y", "https://partner.example/#f",
          "https://partner.example:0/", "https://partner.example\\@10.0.0.1/"}) {
        const auto refused = check_url(bad, {});
        ASSERT_FALSE(refused.ok()) << bad;
        EXPECT_EQ(refused.error().code, "bad_url") << bad;
    }
}

TEST(Target, WhatTheOperatorAllowsMayBeAnywhere) {
    const auto place = parse_place("127.0.0.1:8080");
    ASSERT_TRUE(place.ok());
    EXPECT_TRUE(check_url("http://127.0.0.1:8080/in", {*place}).ok());
    EXPECT_TRUE(check_url("https://127.0.0.1:8080/in", {*place}).ok());
    EXPECT_FALSE(check_url("http://127.0.0.1:8081/in", {*place}).ok());
    EXPECT_FALSE(check_url("http://127.0.0.2:8080/in", {*place}).ok());
    EXPECT_EQ(parse_place("[::1]:80")->host, "::1");
    for (const char* bad : {"", "host", "host:", "host:x", "host:0", ":80", "[::1]", "a/b:1"})
        EXPECT_FALSE(parse_place(bad).ok()) << bad;
}

}  // namespace
}  // namespace spillway::test
