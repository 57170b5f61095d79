#include <SQLiteCpp/SQLiteCpp.h>

#include "schema/json_text.hpp"
#include "schema/json_value.hpp"
#include "services/sync/grants.hpp"

namespace spillway::sync {

struct GrantFile::Impl {
    SQLite::Database database;
    oauth::Vault vault;
};

GrantFile::GrantFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GrantFile::~GrantFile() = default;

Result<std::unique_ptr<GrantFile>> GrantFile::open(const std::string& path, oauth::Vault vault,
                                                   const std::string& vfs) {
    try {
        SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5'000, vfs);
        database.exec("PRAGMA journal_mode = DELETE");
        database.exec("PRAGMA synchronous = FULL");
        database.exec(
            "CREATE TABLE IF NOT EXISTS grants (id TEXT PRIMARY KEY, provider TEXT NOT NULL, subject TEXT NOT NULL, "
            "sealed TEXT NOT NULL, access_until_ms INTEGER NOT NULL, dead INTEGER NOT NULL) STRICT");
        return std::unique_ptr<GrantFile>(new GrantFile(std::make_unique<Impl>(std::move(database), std::move(vault))));
    } catch (const SQLite::Exception& failure) {
        return invalid("grants_unreadable", "cannot open the grants file " + path + ": " + failure.what());
    }
}

namespace {

Error not_stored(const SQLite::Exception& failure) {
    return Error{ErrorKind::unavailable, "grants_not_stored", std::string("the grants file: ") + failure.what()};
}

Secret sealable(const Grant& grant) {
    JsonText text;
    text.object().member("access", grant.access.reveal()).member("refresh", grant.refresh.reveal());
    text.member("mark", grant.app.mark == oauth::Mark::live ? "live" : "sandbox");
    text.member("client_id", grant.app.client_id).close();
    return Secret(std::move(text).take());
}

Result<void> read_sealed(const Secret& opened, Grant& grant) {
    auto text = parse_json(opened.reveal());
    if (!text.ok()) return invalid("grants_unreadable", "the grants file holds a token set that cannot be read");
    grant.access = Secret((*text)["access"].string_or(""));
    grant.refresh = Secret((*text)["refresh"].string_or(""));
    grant.app.client_id = (*text)["client_id"].string_or("");
    grant.app.mark = (*text)["mark"].text() == "live" ? oauth::Mark::live : oauth::Mark::sandbox;
    return success();
}

}  // namespace

Result<std::vector<Grant>> GrantFile::load() {
    try {
        std::vector<Grant> grants;
        SQLite::Statement select(impl_->database,
                                 "SELECT id, provider, subject, sealed, access_until_ms, dead FROM grants");
        while (select.executeStep()) {
            Grant grant;
            grant.id = GrantId(select.getColumn(0).getString());
            grant.provider = select.getColumn(1).getString();
            grant.subject = select.getColumn(2).getString();
            grant.access_until = from_ms(select.getColumn(4).getInt64());
            grant.dead = select.getColumn(5).getInt() != 0;
            auto opened = impl_->vault.open(select.getColumn(3).getString(), grant.id.value);
            if (!opened.ok()) return std::move(opened).error();
            auto read = read_sealed(*opened, grant);
            if (!read.ok()) return std::move(read).error();
            grants.push_back(std::move(grant));
        }
        return grants;
    } catch (const SQLite::Exception& failure) {
        return invalid("grants_unreadable", std::string("cannot read the grants file: ") + failure.what());
    }
}

Result<void> GrantFile::save(const std::vector<Grant>& grants, Random& random) {
    try {
        SQLite::Transaction transaction(impl_->database, SQLite::TransactionBehavior::IMMEDIATE);
        SQLite::Statement upsert(
            impl_->database,
            "INSERT INTO grants (id, provider, subject, sealed, access_until_ms, dead) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, access_until_ms = excluded.access_until_ms, "
            "dead = excluded.dead");
        for (const auto& grant : grants) {
            upsert.bind(1, grant.id.value);
            upsert.bind(2, grant.provider);
            upsert.bind(3, grant.subject);
            upsert.bind(4, impl_->vault.seal(sealable(grant), grant.id.value, random));
            upsert.bind(5, static_cast<std::int64_t>(to_ms(grant.access_until)));
            upsert.bind(6, grant.dead ? 1 : 0);
            upsert.exec();
            upsert.reset();
        }
        transaction.commit();
        return success();
    } catch (const SQLite::Exception& failure) {
        return not_stored(failure);
    }
}

Result<std::size_t> GrantFile::reseal(Random& random) {
    try {
        std::vector<std::pair<std::string, std::string>> stale;
        SQLite::Statement select(impl_->database, "SELECT id, sealed FROM grants");
        while (select.executeStep())
            if (impl_->vault.stale(select.getColumn(1).getString()))
                stale.emplace_back(select.getColumn(0).getString(), select.getColumn(1).getString());
        if (stale.empty()) return std::size_t{0};
        select.reset();
        SQLite::Transaction transaction(impl_->database, SQLite::TransactionBehavior::IMMEDIATE);
        SQLite::Statement update(impl_->database, "UPDATE grants SET sealed = ?2 WHERE id = ?1");
        for (const auto& [id, sealed] : stale) {
            auto opened = impl_->vault.open(sealed, id);
            if (!opened.ok()) return std::move(opened).error();
            update.bind(1, id);
            update.bind(2, impl_->vault.seal(*opened, id, random));
            update.exec();
            update.reset();
        }
        transaction.commit();
        return stale.size();
    } catch (const SQLite::Exception& failure) {
        return not_stored(failure);
    }
}

Result<void> GrantFile::erase(const GrantId& id) {
    try {
        SQLite::Statement remove(impl_->database, "DELETE FROM grants WHERE id = ?");
        remove.bind(1, id.value);
        remove.exec();
        return success();
    } catch (const SQLite::Exception& failure) {
        return not_stored(failure);
    }
}

}  // namespace spillway::sync
