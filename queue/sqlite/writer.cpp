#include "queue/sqlite/writer.hpp"

#include <boost/asio/post.hpp>

namespace spillway::queue::sqlite {

namespace asio = boost::asio;

Writer::Writer(std::unique_ptr<Engine> engine, asio::any_io_executor storage, asio::any_io_executor loop,
               Deliver deliver)
    : engine_(std::move(engine)),
      storage_(std::move(storage)),
      loop_(std::move(loop)),
      deliver_(std::make_shared<Deliver>(std::move(deliver))) {}

void Writer::push(Command command, Answer answer) {
    const bool settles = command.command_class == CommandClass::settle;
    bool wake = false;
    {
        std::unique_lock lock(mutex_);
        std::deque<Queued>& queue = settles ? settles_ : intakes_;
        if (queue.size() >= (settles ? kSettleQueueMax : kIntakeQueueMax)) {
            lock.unlock();
            // Posted: a coroutine must not be resumed while it is still handing over.
            asio::post(loop_, [answer = std::move(answer)] {
                if (answer)
                    answer(Error{ErrorKind::unavailable, "storage_busy", "too many commands are waiting for the disk"});
            });
            return;
        }
        queue.push_back({std::move(command), std::move(answer)});
        wake = !std::exchange(draining_, true);
    }
    if (wake) post_drain();
}

void Writer::run_alone(std::function<Result<void>(Engine&)> work, Answer answer) {
    asio::post(storage_, [weak = weak_from_this(), work = std::move(work), answer = std::move(answer)] {
        const auto self = weak.lock();
        if (!self) return;
        auto result = std::make_shared<Result<void>>(
            self->engine_ ? work(*self->engine_)
                          : Result<void>(Error{ErrorKind::unavailable, "storage_closed", "the store is closed"}));
        asio::post(self->loop_, [result, answer] { answer(std::move(*result)); });
        self->tend(/*idle=*/true);
    });
}

void Writer::close(Answer answer) {
    asio::post(storage_, [weak = weak_from_this(), answer = std::move(answer)] {
        const auto self = weak.lock();
        if (!self) return;
        while (self->run_one_group()) {
        }
        self->engine_->checkpoint();
        self->engine_.reset();
        asio::post(self->loop_, [answer] { answer(success()); });
    });
}

/// One group, then back into the executor: with storage on the loop itself, timers and sockets get their turn in
/// between.
void Writer::drain() {
    const bool worked = run_one_group();
    if (worked) post_drain();
    tend(/*idle=*/!worked);
}

/// The answers of the last group are on their way by now: what the log costs delays nobody who has been served.
void Writer::tend(bool idle) {
    if (!engine_ || engine_->tend(idle) || std::exchange(told_failed_, true)) return;
    auto outcome = std::make_shared<GroupOutcome>();
    outcome->failed = true;
    asio::post(loop_, [outcome, deliver = deliver_] { (*deliver)(*outcome); });
}

void Writer::post_drain() {
    asio::post(storage_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->drain();
    });
}

bool Writer::run_one_group() {
    std::vector<Queued> queued = gather();
    if (queued.empty()) return false;
    std::vector<Command> commands;
    auto answers = std::make_shared<std::vector<Answer>>();
    for (Queued& each : queued) {
        commands.push_back(std::move(each.command));
        answers->push_back(std::move(each.answer));
    }
    auto outcome = std::make_shared<GroupOutcome>(engine_->run_group(commands));
    // The works may own things of the loop's: they are destroyed there.
    auto done = std::make_shared<std::vector<Command>>(std::move(commands));
    asio::post(loop_, [outcome, answers, done, deliver = deliver_] {
        (*deliver)(*outcome);
        done->clear();
        for (std::size_t at = 0; at < answers->size(); ++at) {
            if ((*answers)[at]) (*answers)[at](std::move(outcome->results[at]));
        }
    });
    return true;
}

std::vector<Writer::Queued> Writer::gather() {
    const std::lock_guard lock(mutex_);
    std::vector<Queued> group;
    for (std::deque<Queued>* queue : {&settles_, &intakes_}) {
        while (!queue->empty() && group.size() < kGroupMax) {
            group.push_back(std::move(queue->front()));
            queue->pop_front();
        }
    }
    if (group.empty()) draining_ = false;
    return group;
}

}  // namespace spillway::queue::sqlite
