#include "tests/crash/transitions.hpp"

namespace spillway::queue::test {

namespace {

constexpr Millis kMinute = std::chrono::minutes(1);
constexpr std::pair<How, const char*> kEndings[] = {
    {How::applied, "applied"},       {How::differs, "applied_with_difference"},
    {How::superseded, "superseded"}, {How::parked, "parked"},
    {How::retry, "retry"},           {How::again, "again"},
    {How::later, "later"},           {How::blocked, "blocked"},
    {How::unknown, "unknown"},
};

void nothing(Player&) {}

/// "a" is claimed, and "b" waits for its turn.
void claimed(Player& player) {
    player.enqueue("a");
    player.claim();
    player.enqueue("b");
}
void started(Player& player) {
    claimed(player);
    player.start("a");
}
void parked(Player& player) {
    started(player);
    player.settle("a", How::parked);
}
void blocked(Player& player) { player.enqueue("a", {{"w0", 1}, {"w1", 1}}); }
void backed_off(Player& player) {
    started(player);
    player.settle("a", How::retry);
}

void add_enqueues(std::vector<Transition>& all) {
    const auto again = [](Player& player) { return player.enqueue("a"); };
    all.push_back({"enqueue into an empty store", nothing, again});
    all.push_back({"enqueue beside others", [](Player& player) { player.enqueue("b"); }, again});
    all.push_back({"enqueue after one that ended",
                   [](Player& player) { started(player), player.settle("a", How::applied); }, again});
    all.push_back({"enqueue what waits", [](Player& player) { player.enqueue("c"); },
                   [](Player& player) { return player.enqueue("a", {{"c", 1}, {"w0", 2}}); }});
    all.push_back({"enqueue for later", nothing, [](Player& player) { return player.enqueue("a", {}, kMinute); }});
    all.push_back({"a newer body of one that waits", [](Player& player) { player.enqueue("a"); }, again});
    all.push_back({"a newer body of one that backs off", backed_off, again});
    all.push_back(
        {"a newer body of a blocked one", blocked, [](Player& player) { return player.enqueue("a", {{"w2", 1}}); }});
    all.push_back({"a newer body of a parked one", parked, again});
    all.push_back({"a follow-up of a claimed one", claimed, again});
    all.push_back({"a follow-up of a started one", started, again});
    all.push_back({"a newer follow-up", [](Player& player) { started(player), player.enqueue("a"); },
                   [](Player& player) { return player.enqueue("a", {{"w0", 1}}); }});
    all.push_back({"a group of enqueues and settles",
                   [](Player& player) {
                       for (const char* key : {"a", "b", "c", "d"}) player.enqueue(key);
                       player.claim();
                   },
                   [](Player& player) {
                       return player.together({[&] { return player.settle("a", How::applied); },
                                               [&] { return player.settle("b", How::parked); },
                                               [&] { return player.start("c"); }, [&] { return player.enqueue("e"); },
                                               [&] { return player.enqueue("d"); },
                                               [&] { return player.enqueue("f", {{"d", 1}}); }});
                   }});
}

void add_settles(std::vector<Transition>& all) {
    all.push_back({"start", claimed, [](Player& player) { return player.start("a"); }});
    all.push_back(
        {"settle what never started", claimed, [](Player& player) { return player.settle("a", How::superseded); }});
    for (const auto& [how, name] : kEndings) {
        const How ending = how;
        const auto settle = [ending](Player& player) { return player.settle("a", ending); };
        all.push_back({std::string("settle ") + name, started, settle});
        all.push_back({std::string("settle with a follow-up ") + name,
                       [](Player& player) {
                           started(player);
                           player.enqueue("a", {{"w5", 1}});
                       },
                       settle});
    }
    all.push_back({"settle what others wait for",
                   [](Player& player) {
                       started(player);
                       player.enqueue("c", {{"a", 1}});
                       player.enqueue("d", {{"a", 1}, {"w0", 1}});
                       player.enqueue("e", {{"a", 1}}, kMinute);
                   },
                   [](Player& player) { return player.settle("a", How::applied); }});
    all.push_back({"settle and enqueue the next", started,
                   [](Player& player) { return player.settle_and_enqueue("a", How::applied, "next"); }});
    all.push_back({"settle a poison job",
                   [](Player& player) {
                       started(player);
                       for (int crash = 0; crash < 3; ++crash) {
                           player.reopen();
                           player.claim_unknown("a");
                           player.start("a");
                       }
                   },
                   [](Player& player) { return player.settle("a", How::again); }});
    all.push_back({"settle an unknown one after a crash",
                   [](Player& player) { started(player), player.reopen(), player.claim_unknown("a"); },
                   [](Player& player) { return player.settle("a", How::applied); }});
}

void add_administration(std::vector<Transition>& all) {
    const auto verb = [](Verb verb) { return [verb](Player& player) { return player.administer(verb, "a"); }; };
    const auto with_dependants = [](Player& player) {
        player.enqueue("a", {{"w0", 1}});
        player.enqueue("c", {{"a", 3}});
        player.enqueue("d", {{"a", 3}, {"w1", 1}});
    };
    all.push_back({"release", [](Player& player) { blocked(player), player.enqueue("c", {{"w0", 1}}); },
                   [](Player& player) { return player.release("w0"); }});
    all.push_back({"replay", parked, verb(Verb::replay)});
    all.push_back({"replay what is blocked",
                   [](Player& player) { blocked(player), player.administer(Verb::park, "a"); }, verb(Verb::replay)});
    all.push_back({"cancel", [](Player& player) { player.enqueue("a"); }, verb(Verb::cancel)});
    all.push_back({"cancel what others wait for", with_dependants, verb(Verb::cancel)});
    all.push_back({"cancel a parked one", parked, verb(Verb::cancel)});
    all.push_back({"cancel a follow-up", [](Player& player) { started(player), player.enqueue("a"); },
                   [](Player& player) { return player.cancel_follow_up("a"); }});
    all.push_back({"resolve by hand", parked, verb(Verb::resolve)});
    all.push_back({"park what is blocked", with_dependants, verb(Verb::park)});
    all.push_back({"pause", claimed, [](Player& player) { return player.pause(kMinute); }});
    all.push_back({"resume", [](Player& player) { claimed(player), player.pause(); },
                   [](Player& player) { return player.resume(); }});
    all.push_back({"hold a kind", claimed, [](Player& player) { return player.hold(kMinute); }});
    all.push_back({"lift a hold", [](Player& player) { claimed(player), player.hold(); },
                   [](Player& player) { return player.lift(); }});
}

void add_what_the_store_does_itself(std::vector<Transition>& all) {
    const auto wait = [](Player& player) { return player.pass(2 * kMinute); };
    const auto follow_up_of_an_idle_one = [](Player& player) {
        claimed(player);
        player.enqueue("a");
        player.unclaim("a");
    };
    all.push_back({"promote what is due",
                   [](Player& player) {
                       player.enqueue("a", {}, kMinute);
                       player.enqueue("b", {}, kMinute);
                       player.enqueue("c", {}, 5 * kMinute);
                   },
                   wait, false});
    all.push_back({"end a pause", [](Player& player) { claimed(player), player.pause(kMinute); }, wait, false});
    all.push_back({"end a hold", [](Player& player) { claimed(player), player.hold(kMinute); }, wait, false});
    all.push_back({"fold a follow-up", follow_up_of_an_idle_one, wait, false});
    all.push_back({"open again, with one started", started, [](Player& player) { return player.reopen(); }, false});
    all.push_back({"open again, with a follow-up to fold", [](Player& player) { claimed(player), player.enqueue("a"); },
                   [](Player& player) { return player.reopen(); }, false});
    all.push_back({"close, which moves the log",
                   [](Player& player) {
                       parked(player);
                       for (int each = 0; each < 6; ++each) player.enqueue("k" + std::to_string(each));
                   },
                   [](Player& player) { return player.close() && player.reopen(); }, false});
}

}  // namespace

std::vector<Transition> all_transitions() {
    std::vector<Transition> all;
    add_enqueues(all);
    add_settles(all);
    add_administration(all);
    add_what_the_store_does_itself(all);
    return all;
}

}  // namespace spillway::queue::test
