// One accepted socket: reads requests one after another, hands each to its handler, sends the answer, and is closed.
// It waits for nothing but its loop.
// Shape:   reading -> answering (a handler has the request) -> finishing (the answer's last bytes) -> reading again,
//          or -> lingering (our side shut, so that the peer can read the answer before a reset) -> dead.
// Invariant: one request at a time; what a client pipelines waits in the kernel, but for what came with the current
//          request. An idle connection has no buffer. Timers are armed lazily: a busy connection touches none.
// Errors:  a peer that closes, or half-closes, while its answer is pending has gone away: stop is requested. That
//          costs clients like `nc -N` their answer; the alternative is calls that nobody waits for any more.
//          Under TLS, who does not finish the handshake within read_timeout, or cannot, is closed without an answer.
// Threads: the lane's only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "limiter/loop_uv.h"
#include "mcp/http/channel.h"
#include "mcp/http/exchange.h"
#include "mcp/http/framing.h"
#include "mcp/http/outbox.h"

namespace weir::mcp {

class Lane;

class Connection final : public AnswerPort, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Lane& lane, Channel channel, std::string peer);
  ~Connection() override;

  void start();
  void shed();         // instead of start(): one connection too many; answers 503 without reading
  void begin_drain();  // close when idle; else close after the answer
  void ask_to_stop();  // whoever has the request should hurry
  bool is_shed() const { return shed_; }

 private:
  enum class Stage { reading, answering, finishing, lingering, dead };

  void send_reply(Reply reply) override;
  void open_stream(int status, Headers headers) override;
  void write_stream(std::string bytes) override;
  void close_stream() override;
  void cut() override;

  void on_ready(Readiness ready);
  void read(bool to_the_end);
  void consume(std::string_view bytes);
  void take_rest();
  bool hold_body(std::int64_t bytes);
  void dispatch(Request request);
  void refuse(int status, std::string_view why, Headers headers = {});
  void finish();
  void flush();
  void after_answer();
  void linger();
  void discard(bool to_the_end);
  void leave();
  void give_up();
  void drop();
  void settle();
  bool idle() const;
  Instant deadline() const;
  void on_timer();
  void keep_alive();
  void expire();
  bool peer_has_read();

  Lane& lane_;
  Channel channel_;
  const std::string peer_;
  Stage stage_ = Stage::reading;
  bool shed_ = false, consuming_ = false, continued_ = false, begun_ = false, events_ = false;
  bool http_1_0_ = false, head_request_ = false, close_after_ = false, input_paused_ = false;
  RequestReader reader_;
  std::int64_t held_bytes_ = 0;  // as counted in the census
  std::string rest_;             // came with the current request and belongs to the next
  Outbox outbox_;
  int unread_ = 0;                    // bytes that the peer had not acknowledged when we last looked
  std::shared_ptr<Pending> pending_;  // of the request being answered

  Instant since_;     // the current stage's last progress
  Instant timer_at_;  // zero: no timer is armed
  Timer timer_;
  Readiness interest_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace weir::mcp
