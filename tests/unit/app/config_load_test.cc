// SPDX-License-Identifier: Apache-2.0
// The configuration in force: precedence of its sources, and what is checked across keys.
#include "app/config_load.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace holdfast::app {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A directory of its own, with a holdfast.toml when a test writes one.
class ConfigLoad : public testing::Test {
 protected:
  ConfigLoad() {
    std::string pattern = std::filesystem::temp_directory_path() / "holdfast-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ + "/holdfast.toml";
  }
  ~ConfigLoad() override { std::filesystem::remove_all(directory_); }

  static void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  LoadedConfig load(const std::string& text, Pairs environment = {}, Pairs flags = {}) {
    write(file_, text);
    return load_config({file_, std::move(environment), std::move(flags)});
  }
  static LoadedConfig load_flags(Pairs flags) { return load_config({std::nullopt, {}, std::move(flags)}); }
  std::string at_line(int line) const { return file_ + ":" + std::to_string(line) + ": "; }

  std::string directory_;
  std::string file_;
};

TEST_F(ConfigLoad, WithoutSourcesTheDefaultsHold) {
  auto loaded = load_config({});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.file, "");
  EXPECT_EQ(loaded.config.directory, ".");
  EXPECT_THAT(loaded.config.server.listen, ElementsAre("http://0.0.0.0:7999"));
  EXPECT_EQ(loaded.config.control.http, "http://127.0.0.1:5561");
  EXPECT_FALSE(loaded.config.server.http2);
}

TEST_F(ConfigLoad, FileSetsValuesAndTheDirectory) {
  auto loaded = load("[server]\nworkers = 3\n[grip]\nsig_key = \"k\"\nmessage_rate = 100\n");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.config.file, file_);
  EXPECT_EQ(loaded.config.directory, directory_);
  EXPECT_EQ(loaded.config.server.workers, 3);
  EXPECT_EQ(loaded.config.grip.sig_key, "k");
  EXPECT_EQ(loaded.config.grip.message_rate, 100);
  EXPECT_EQ(loaded.config.server.header_max_count, 100);
}

TEST_F(ConfigLoad, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  Pairs environment{{"HOLDFAST_SERVER_WORKERS", "2"}, {"HOLDFAST_SERVER_HEADER_MAX_COUNT", "20"}};
  Pairs flags{{"server.workers", "3"}};
  auto loaded = load("[server]\nworkers = 1\nheader_max_count = 10\ndrain_seconds = 1\n", environment, flags);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.server.workers, 3);
  EXPECT_EQ(loaded.config.server.header_max_count, 20);
  EXPECT_EQ(loaded.config.server.drain_seconds, 1);
  EXPECT_EQ(loaded.config.server.target_max_bytes, 16384);
}

TEST_F(ConfigLoad, LaterFlagBeatsEarlierOne) {
  EXPECT_EQ(load_flags({{"server.workers", "1"}, {"server.workers", "2"}}).config.server.workers, 2);
}

TEST_F(ConfigLoad, EveryTypeIsReadFromTheEnvironment) {
  auto loaded = load_config({std::nullopt,
                             {{"HOLDFAST_SERVER_LISTEN", "http://127.0.0.1:1,http://127.0.0.1:2"},
                              {"HOLDFAST_PROXY_DEBUG", "yes"},
                              {"HOLDFAST_GRIP_SIG_ISS", "me"},
                              {"HOLDFAST_CONTROL_HTTP", ""},
                              {"HOLDFAST_CONTROL_ZMQ_PULL", ""}},
                             {}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.config.server.listen, ElementsAre("http://127.0.0.1:1", "http://127.0.0.1:2"));
  EXPECT_TRUE(loaded.config.proxy.debug);
  EXPECT_EQ(loaded.config.grip.sig_iss, "me");
  EXPECT_EQ(loaded.config.control.http, "");
  EXPECT_THAT(loaded.config.control.zmq_pull, IsEmpty());
}

TEST_F(ConfigLoad, BadValuesNameVariableOrFlag) {
  auto loaded = load_config({std::nullopt, {{"HOLDFAST_SERVER_WORKERS", "many"}}, {{"proxy.debug", "perhaps"}}});
  EXPECT_THAT(loaded.errors,
              ElementsAre("HOLDFAST_SERVER_WORKERS: 'many' is not a whole number; give one like 0",
                          "--proxy.debug: 'perhaps' is neither true nor false (yes, no, 1 and 0 do too)"));
}

TEST_F(ConfigLoad, BadValuesOfTheFileAreErrorsEvenWhenOverridden) {
  auto loaded = load("[server]\nworkers = 9999\n", {}, {{"server.workers", "1"}});
  EXPECT_THAT(loaded.errors, ElementsAre(StartsWith(at_line(2) + "[server] workers: 9999 is out of range")));
}

TEST_F(ConfigLoad, UnknownFlagsAreErrors) {
  EXPECT_THAT(load_flags({{"server.wokers", "1"}}).errors,
              ElementsAre("--server.wokers: unknown key; did you mean --server.workers?"));
}

TEST_F(ConfigLoad, UnknownVariablesAreOneWarningEach) {
  auto loaded = load("[grip]\nsig_key = \"k\"\n", {{"HOLDFAST_SERVER_WOKERS", "s3cret"},
                                                   {"HOLDFAST_XYZZY", "1"},
                                                   {"HOLDFAST_ROUTES", "* test"},
                                                   {"HOLDFAST_CONFIG", "x"},
                                                   {"HOLDFAST_BIN", "x"},
                                                   {"PATH", "/bin"},
                                                   {"holdfast_server_workers", "1"}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings,
              ElementsAre("HOLDFAST_SERVER_WOKERS: unknown variable, ignored; did you mean HOLDFAST_SERVER_WORKERS?",
                          "HOLDFAST_XYZZY: unknown variable, ignored"));
}

TEST_F(ConfigLoad, JwtKeysAreForTheFileOnly) {
  auto loaded =
      load_config({std::nullopt, {{"HOLDFAST_CONTROL_JWT_KEYS", "s3cret"}}, {{"control.jwt_keys", "s3cret"}}});
  EXPECT_THAT(loaded.errors, ElementsAre(StartsWith("HOLDFAST_CONTROL_JWT_KEYS: can be set in the file only"),
                                         StartsWith("--control.jwt_keys: can be set in the file only")));
  EXPECT_THAT(loaded.errors, Each(Not(HasSubstr("s3cret"))));
}

TEST_F(ConfigLoad, AllErrorsOfAllSourcesAreReportedAtOnce) {
  auto loaded = load("[server]\nwokers = 1\nworkers = -1\nhttp2 = true\n[control]\nhttp = \"http://0.0.0.0:1\"\n",
                     {{"HOLDFAST_LOG_LEVEL", "loud"}}, {{"grip.slow_client", "kick"}});
  EXPECT_THAT(loaded.errors,
              ElementsAre(HasSubstr(":2: [server] wokers"), HasSubstr(":3: [server] workers"),
                          StartsWith("HOLDFAST_LOG_LEVEL: 'loud'"), StartsWith("--grip.slow_client: 'kick'"),
                          AllOf(HasSubstr(":4: [server] http2"), HasSubstr("not yet supported")),
                          HasSubstr(":6: [control] http: 'http://0.0.0.0:1' is open to other machines")));
}

TEST_F(ConfigLoad, EveryMissingFeatureIsRefused) {
  for (auto [key, value] : Pairs{{"server.http2", "true"},
                                 {"control.zmq_rep", "tcp://127.0.0.1:5563"},
                                 {"control.zmq_stats", "ipc://stats"},
                                 {"proxy.auto_cross_origin", "true"},
                                 {"proxy.sockjs_url", "/sockjs.js"},
                                 {"grip.upstream_key", "s3cret"},
                                 {"history.max_messages", "1"},
                                 {"broker.url", "nats://n"},
                                 {"webhooks.database", "hooks.db"}}) {
    auto errors = load_flags({{key, value}}).errors;
    EXPECT_THAT(errors, ElementsAre(AllOf(StartsWith("--" + key + ": "), HasSubstr("not yet supported"),
                                          Not(HasSubstr("s3cret")))))
        << value;
  }
}

TEST_F(ConfigLoad, FeaturesTurnedOffExplicitlyAreFine) {
  auto loaded = load(R"([server]
http2 = false
proxy_protocol_from = []
[tls]
cert = ""
[control]
zmq_rep = []
tokens = []
jwt_keys = []
[history]
max_messages = 0
[admin]
listen = ""
)");
  EXPECT_THAT(loaded.errors, IsEmpty());
}

TEST_F(ConfigLoad, AFlagCanTurnOffWhatTheFileTurnsOn) {
  EXPECT_THAT(load("[admin]\nlisten = \"http://127.0.0.1:5564\"\n", {}, {{"admin.listen", ""}}).errors, IsEmpty());
  EXPECT_THAT(load("[control]\nhttp = \"http://0.0.0.0:1\"\n", {{"HOLDFAST_CONTROL_HTTP", "http://[::1]:1"}}).errors,
              IsEmpty());
}

TEST_F(ConfigLoad, SomeListenerForClientsMustBeLeft) {
  EXPECT_THAT(load("[server]\nlisten = []\n").errors,
              ElementsAre(AllOf(StartsWith(at_line(2) + "[server] listen: no address is left"),
                                HasSubstr("listen = [\"http://0.0.0.0:7999\"]"))));
  EXPECT_THAT(load_flags({{"server.listen", " , "}}).errors, ElementsAre(StartsWith("--server.listen: no address")));
  EXPECT_THAT(load_flags({{"server.listen", ",http://127.0.0.1:1,"}}).config.server.listen,
              ElementsAre("http://127.0.0.1:1"));
}

TEST_F(ConfigLoad, HttpsNeedsACertificate) {
  const std::pair<std::string, std::string> https{"server.listen", "https://127.0.0.1:1"};
  EXPECT_THAT(load_flags({https}).errors, ElementsAre(StartsWith("--server.listen: an https:// address needs")));
  EXPECT_THAT(load_flags({https, {"tls.cert", "a.crt"}}).errors,
              ElementsAre(StartsWith("--tls.cert: cert and key belong together")));
  EXPECT_THAT(load_flags({https, {"tls.directory", "d"}, {"tls.key", "a.key"}}).errors,
              ElementsAre(StartsWith("--tls.key: cert and key belong together")));
  EXPECT_THAT(load_flags({https, {"tls.cert", "a.crt"}, {"tls.key", "a.key"}}).errors, IsEmpty());
  EXPECT_THAT(load_flags({https, {"tls.directory", "certs"}}).errors, IsEmpty());
  EXPECT_THAT(load_flags({{"tls.directory", "certs"}}).errors, IsEmpty()) << "certificates may wait for their listener";
}

TEST_F(ConfigLoad, ControlOffLoopbackMustBeMeant) {
  for (auto [key, value] : Pairs{{"control.http", "http://0.0.0.0:5561"},
                                 {"control.http", "http://[::]:5561"},
                                 {"control.http", "http://10.0.0.1:5561"},
                                 {"control.zmq_pull", "tcp://*:5560"},
                                 {"control.zmq_sub", "ipc://x,tcp://10.0.0.1:5562"}}) {
    EXPECT_THAT(load_flags({{key, value}}).errors,
                ElementsAre(AllOf(StartsWith("--" + key + ": "), HasSubstr("is open to other machines"),
                                  HasSubstr("[control] allow_unauthenticated = true"))))
        << value;
    EXPECT_THAT(load_flags({{key, value}, {"control.allow_unauthenticated", "true"}}).errors, IsEmpty()) << value;
    EXPECT_THAT(load_flags({{key, value}, {"admin.allow_unauthenticated", "true"}}).errors, Not(IsEmpty())) << value;
  }
}

TEST_F(ConfigLoad, CredentialsMakeHttpControlFitForOtherMachines) {
  const std::pair<std::string, std::string> http{"control.http", "http://0.0.0.0:5561"};
  EXPECT_THAT(load_flags({http, {"control.tokens", "a-token-of-16-bytes"}}).errors, IsEmpty());
  EXPECT_THAT(load_flags({http, {"control.tokens", ""}}).errors,
              ElementsAre(AllOf(StartsWith("--control.http: "), HasSubstr("give [control] tokens"))));
  EXPECT_THAT(load("[control]\njwt_keys = [{ iss = \"r\", key = \"a-key-of-16-bytes-\" }]\n", {}, {http}).errors,
              IsEmpty());
  EXPECT_THAT(load_flags({{"control.zmq_pull", "tcp://*:5560"}, {"control.tokens", "a-token-of-16-bytes"}}).errors,
              ElementsAre(AllOf(StartsWith("--control.zmq_pull: "), HasSubstr("ZeroMQ has none"))));
}

TEST_F(ConfigLoad, ShortSecretsAreAWarning) {
  auto warnings = load(
                      "[grip]\nsig_key = \"k\"\n[control]\ntokens = [\"s3cret\", \"a-token-of-16-bytes\"]\n"
                      "jwt_keys = [{ iss = \"a\", key = \"s3cret\" }, { iss = \"b\", key = \"base64:czNjcmV0\" },\n"
                      "{ iss = \"c\", key = \"file:x\" }, { iss = \"d\", key = \"a-key-of-16-bytes-\" }]\n")
                      .warnings;
  EXPECT_THAT(warnings, ElementsAre(AllOf(StartsWith(at_line(4) + "[control] tokens: one secret is shorter than 16"),
                                          Not(HasSubstr("s3cret"))),
                                    AllOf(StartsWith(at_line(5) + "[control] jwt_keys: 2 secrets are shorter than 16"),
                                          Not(HasSubstr("s3cret")))));
}

TEST_F(ConfigLoad, ControlOnLoopbackNeedsNothing) {
  EXPECT_THAT(load_flags({{"control.http", "http://127.8.8.8:1"}}).errors, IsEmpty());
  EXPECT_THAT(load_flags({{"control.http", "http://localhost:1"}}).errors, IsEmpty());
  EXPECT_THAT(load_flags({{"control.zmq_pull", "tcp://[::1]:1,ipc://x"}}).errors, IsEmpty());
  EXPECT_THAT(load_flags({{"control.zmq_sub_connect", "tcp://hub:5565"}}).errors, IsEmpty());
}

TEST_F(ConfigLoad, AdminOffLoopbackMustBeMeant) {
  EXPECT_THAT(load_flags({{"admin.listen", "http://0.0.0.0:5564"}}).errors,
              Contains(AllOf(StartsWith("--admin.listen: "), HasSubstr("[admin] allow_unauthenticated = true"))));
}

TEST_F(ConfigLoad, WithoutASigKeyThereIsAWarning) {
  EXPECT_THAT(load("").warnings, ElementsAre("[grip] sig_key: not set; without a sig_key, GRIP libraries believe that "
                                             "no proxy is there"));
  EXPECT_THAT(load("[grip]\nsig_key = \"\"\n").warnings,
              ElementsAre(StartsWith(at_line(2) + "[grip] sig_key: not set")));
  EXPECT_THAT(load("[grip]\nsig_key = \"change-this-key\"\n").warnings, ElementsAre(HasSubstr("still the example")));
}

TEST_F(ConfigLoad, AHighWaterMarkWithoutARateIsAWarning) {
  EXPECT_THAT(load("[grip]\nsig_key = \"k\"\nmessage_hwm = 5\n").warnings,
              ElementsAre(StartsWith(at_line(3) + "[grip] message_hwm: has no effect")));
  EXPECT_THAT(load("[grip]\nsig_key = \"k\"\nmessage_hwm = 5\nmessage_rate = 1\n").warnings, IsEmpty());
}

TEST_F(ConfigLoad, SecretsAreNeverQuoted) {
  auto loaded = load(R"([grip]
sig_key = "s3cret\n"
upstream_key = ["s3cret"]
[control]
tokens = "s3cret"
[admin]
tokens = ["s3cret\u0001"]
)",
                     {{"HOLDFAST_GRIP_UPSTREAM_KEY", "s3cret"}}, {{"control.tokens", "s3cret\x01"}});
  EXPECT_EQ(loaded.errors.size(), 6U);
  EXPECT_THAT(loaded.errors, Each(Not(HasSubstr("s3cret"))));
  EXPECT_THAT(loaded.warnings, Each(Not(HasSubstr("s3cret"))));
}

TEST_F(ConfigLoad, AFileThatIsNotThereIsNamed) {
  EXPECT_THAT(
      load_config({directory_ + "/none.toml", {}, {}}).errors,
      ElementsAre(AllOf(StartsWith(directory_ + "/none.toml: cannot be read: No such file"), HasSubstr("--config"))));
  EXPECT_THAT(load_config({directory_, {}, {}}).errors, ElementsAre(HasSubstr("it is a directory")));
}

TEST_F(ConfigLoad, ASyntaxErrorDoesNotHideOtherSources) {
  EXPECT_THAT(load("[server\n", {{"HOLDFAST_SERVER_WORKERS", "x"}}).errors,
              ElementsAre(StartsWith(at_line(1) + "not TOML"), StartsWith("HOLDFAST_SERVER_WORKERS: ")));
}

/// Looks for files from a directory of its own, and goes back.
class ConfigSearch : public ConfigLoad {
 protected:
  ConfigSearch() : before_(std::filesystem::current_path()) { std::filesystem::current_path(directory_); }
  ~ConfigSearch() override { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

TEST_F(ConfigSearch, LooksInTheOrderOfTheContract) {
  EXPECT_THAT(config_search_path(),
              ElementsAre("./holdfast.toml", "./config/holdfast.toml", "/etc/holdfast/holdfast.toml"));
  write(directory_ + "/config/holdfast.toml", "");
  EXPECT_EQ(find_config_file(), "./config/holdfast.toml");
  write(directory_ + "/holdfast.toml", "");
  EXPECT_EQ(find_config_file(), "./holdfast.toml");
}

TEST_F(ConfigSearch, FindsNothingInAnEmptyDirectory) {
  auto found = find_config_file();
  EXPECT_TRUE(!found || *found == "/etc/holdfast/holdfast.toml") << *found;
}

TEST_F(ConfigSearch, DirectoryOfAFoundFileIsRelative) {
  write(directory_ + "/config/holdfast.toml", "");
  EXPECT_EQ(load_config({find_config_file(), {}, {}}).config.directory, "./config");
  write(directory_ + "/h.toml", "");
  EXPECT_EQ(load_config({"h.toml", {}, {}}).config.directory, ".");
}

}  // namespace
}  // namespace holdfast::app
