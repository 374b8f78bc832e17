// HttpServer: a real web server (python3) on this machine, as long as the object lives.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace holdfast::tests {

class HttpServer {
public:
    HttpServer() {
        for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::abort();
        std::string python = "python3", script = HOLDFAST_HTTP_SERVER;
        char* const words[] = {python.data(), script.data(), nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        if (::posix_spawnp(&process_, words[0], &actions, nullptr, words, ::environ) != 0) std::abort();
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        input_ = in[1];
        char letter = 0;
        while (::read(out[0], &letter, 1) == 1 && letter != '\n') port_ += letter;
        ::close(out[0]);
    }
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer() { stop(); }
    void stop() {
        if (process_ == 0) return;
        ::close(input_);
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }
    std::string url(const std::string& path) const { return "http://127.0.0.1:" + port_ + path; }

private:
    pid_t process_ = 0;
    int input_ = -1;
    std::string port_;
};

}  // namespace holdfast::tests
