#include "tests/simulation/swarm/hunt.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <sstream>
#include <vector>

#include "tests/simulation/swarm/marks.hpp"
#include "tests/simulation/swarm/run.hpp"

namespace spillway::test {

namespace {

/// A run takes a second or two of processor time; one that takes this long goes round in circles.
constexpr rlim_t kHangs = 100;

std::string one_line(std::string text) {
    for (char& letter : text)
        if (letter == '\n' || letter == '\t') letter = ' ';
    return text.substr(0, 1'500);
}

/// A verdict as lines, for the pipe.
std::string to_text(const Verdict& verdict) {
    std::ostringstream out;
    out << verdict.passed << '\t' << verdict.hash << '\t' << verdict.settled << '\t' << verdict.calls << '\n'
        << one_line(verdict.rule) << '\n'
        << one_line(verdict.record) << '\n'
        << one_line(verdict.detail) << '\n';
    for (const auto& [mark, times] : verdict.marks) out << mark << '\t' << times << '\n';
    return out.str();
}

Verdict from_text(const std::string& text) {
    Verdict verdict;
    std::istringstream in(text);
    in >> verdict.passed >> verdict.hash >> verdict.settled >> verdict.calls;
    in.ignore();
    std::getline(in, verdict.rule);
    std::getline(in, verdict.record);
    std::getline(in, verdict.detail);
    std::string mark;
    std::uint64_t times = 0;
    while (in >> mark >> times) verdict.marks[mark] = times;
    return verdict;
}

Verdict play_here(const Options& options, bool twice) {
    Verdict verdict;
    Trace trace;
    const auto result = play(options, trace);
    verdict.hash = result.hash;
    verdict.settled = result.settled;
    verdict.calls = result.calls;
    verdict.marks = result.findings.marks();
    verdict.passed = result.findings.all().empty();
    if (!verdict.passed) {
        const auto& first = result.findings.all().front();
        verdict.rule = first.rule, verdict.record = first.record, verdict.detail = first.detail;
    } else if (twice) {
        Trace again;
        const auto repeated = play(options, again);
        if (repeated.hash != result.hash) {
            verdict.passed = false;
            verdict.rule = "differs";
            verdict.detail = "two runs of one seed went different ways";
        }
    }
    return verdict;
}

/// A run in a child, and the end of the pipe that its verdict comes from.
struct Child {
    pid_t id = 0;
    int pipe = -1;
    Options options{};
    std::string text{};
};

Child start(const Options& options, bool twice) {
    int ends[2] = {};
    if (::pipe(ends) != 0) throw std::runtime_error(std::strerror(errno));
    std::fflush(nullptr);
    const pid_t id = ::fork();
    if (id < 0) throw std::runtime_error(std::strerror(errno));
    if (id == 0) {
        ::close(ends[0]);
        const rlimit bound{kHangs, kHangs + 1};
        ::setrlimit(RLIMIT_CPU, &bound);
        const auto text = to_text(play_here(options, twice));
        const auto written = ::write(ends[1], text.data(), text.size());
        ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 3);
    }
    ::close(ends[1]);
    return Child{id, ends[0], options, {}};
}

/// Takes what the child has said. @return its verdict once it has ended.
std::optional<Verdict> listen(Child& child) {
    char buffer[8192];
    const auto got = ::read(child.pipe, buffer, sizeof buffer);
    if (got > 0) {
        child.text.append(buffer, static_cast<std::size_t>(got));
        return std::nullopt;
    }
    ::close(child.pipe);
    int status = 0;
    rusage used{};
    ::wait4(child.id, &status, 0, &used);
    auto verdict = from_text(child.text);
    verdict.cpu_seconds = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                          static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        verdict.passed = false;
        const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        verdict.rule = signal == SIGXCPU ? "hangs" : "died";
        verdict.detail = signal != 0 ? std::string("by signal ") + ::strsignal(signal)
                                     : "exit code " + std::to_string(WEXITSTATUS(status));
    }
    return verdict;
}

class Hunt {
 public:
    explicit Hunt(const HuntPlan& plan) : plan_(plan), seed_(plan.first), began_(std::chrono::steady_clock::now()) {}

    int run() {
        while (may_start() || !children_.empty()) {
            while (may_start() && static_cast<int>(children_.size()) < plan_.jobs)
                children_.push_back(start(plan_.options(seed_++), plan_.twice));
            wait_for_some();
        }
        return sum_up();
    }

 private:
    [[nodiscard]] bool may_start() const {
        const bool in_time = !plan_.time || std::chrono::steady_clock::now() - began_ < *plan_.time;
        return in_time && seed_ <= plan_.last && failures_ < plan_.failures_max;
    }

    void wait_for_some() {
        std::vector<pollfd> ends;
        for (const auto& child : children_) ends.push_back({child.pipe, POLLIN, 0});
        ::poll(ends.data(), ends.size(), -1);
        for (std::size_t i = ends.size(); i-- > 0;) {
            if (ends[i].revents == 0) continue;
            const auto verdict = listen(children_[i]);
            if (!verdict) continue;
            count(children_[i].options, *verdict);
            children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }

    void count(const Options& options, const Verdict& verdict) {
        ++runs_;
        settled_ += verdict.settled;
        cpu_ += verdict.cpu_seconds;
        for (const auto& [mark, times] : verdict.marks) marks_[mark] += times;
        if (verdict.passed) return;
        ++failures_;
        std::printf("FAILED %s [%s] %s\n  tests/simulate %s\n", verdict.rule.c_str(), verdict.record.c_str(),
                    verdict.detail.c_str(), options.to_arguments().c_str());
        std::fflush(stdout);
    }

    int sum_up() {
        int missed = 0;
        for (const auto& mark : kMarks) {
            const auto found = marks_.find(std::string(mark));
            std::printf("  %-36s %llu\n", std::string(mark).c_str(),
                        found == marks_.end() ? 0ULL : static_cast<unsigned long long>(found->second));
            if (found == marks_.end()) ++missed;
        }
        const double per_second = cpu_ > 0 ? static_cast<double>(settled_) / cpu_ / (plan_.twice ? 0.5 : 1) : 0;
        std::printf(
            "%d seeds, %d failures, %llu records settled, %.0f a core-second, %.2f core-seconds a seed; %d marks never "
            "met\n",
            runs_, failures_, static_cast<unsigned long long>(settled_), per_second, cpu_ / std::max(runs_, 1), missed);
        return failures_ > 0 || (plan_.needs_marks && missed > 0) ? 1 : 0;
    }

    const HuntPlan& plan_;
    std::uint64_t seed_;
    std::chrono::steady_clock::time_point began_;
    std::vector<Child> children_{};
    std::map<std::string, std::uint64_t> marks_{};
    int runs_ = 0, failures_ = 0;
    std::uint64_t settled_ = 0;
    double cpu_ = 0;
};

}  // namespace

Verdict play_apart(const Options& options, bool twice) {
    auto child = start(options, twice);
    for (;;)
        if (auto verdict = listen(child)) return *verdict;
}

int hunt(const HuntPlan& plan) { return Hunt(plan).run(); }

}  // namespace spillway::test
