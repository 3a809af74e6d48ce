# SPDX-License-Identifier: Apache-2.0
# Completion of holdfast(1). Made from the definition of the command line in src/app/cli.cc.

_holdfast() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= word words
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in serve | check | health | demo | publish) command=$word; break ;; esac
  done
  case $prev in
    --admin.listen | --admin.tokens | --bearer | --broker.prefix | --broker.url | --code | --control.backlog_max_bytes | --control.body_max_bytes | --control.header_max_bytes | --control.http | --control.tokens | --control.zmq_pull | --control.zmq_rep | --control.zmq_stats | --control.zmq_sub | --control.zmq_sub_connect | --grip.connection_subscription_max | --grip.id_cache_max | --grip.id_cache_ttl_s | --grip.message_hwm | --grip.message_rate | --grip.message_wait_max | --grip.message_wait_ms | --grip.sig_iss | --grip.sig_key | --grip.subscription_linger_s | --grip.upstream_key | --header | --history.max_age_s | --history.max_bytes | --history.max_messages | --id | --log.access_file | --log.file | --meta | --port | --prev-id | --proxy.cdn_loop | --proxy.connect_timeout_ms | --proxy.idle_timeout_ms | --proxy.instruct_max_bytes | --proxy.orig_headers_need_mark | --proxy.origin_connections_max | --proxy.origin_header_max_bytes | --proxy.pool_idle_ms | --proxy.pool_max_idle | --proxy.response_timeout_ms | --proxy.routes_file | --proxy.sockjs_url | --proxy.waiting_requests_max | --proxy.x_forwarded_for | --proxy.x_forwarded_for_trusted | --route | --sender | --server.body_max_bytes | --server.drain_seconds | --server.header_max_bytes | --server.header_max_count | --server.header_timeout_ms | --server.keepalive_timeout_ms | --server.listen | --server.max_connections | --server.memory_max_bytes | --server.proxy_protocol_from | --server.retry_after_max_s | --server.send_buffer_max_bytes | --server.target_max_bytes | --server.tcp_keepalive_s | --server.tcp_user_timeout_ms | --server.workers | --spec | --stats.connection_ttl_s | --stats.report_interval_s | --stats.subscription_ttl_s | --tls.cert | --tls.directory | --tls.handshakes_max | --tls.key | --user | --webhooks.database | -B | -H | -M | -u)
      COMPREPLY=()
      return ;;
    --tls.min_version)
      mapfile -t COMPREPLY < <(compgen -W '1.2 1.3' -- "$cur")
      return ;;
    --grip.slow_client)
      mapfile -t COMPREPLY < <(compgen -W 'close drop' -- "$cur")
      return ;;
    --log-level | --log.level)
      mapfile -t COMPREPLY < <(compgen -W 'error warn info debug trace' -- "$cur")
      return ;;
    --log-format | --log.format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
      return ;;
    --stats.format)
      mapfile -t COMPREPLY < <(compgen -W 'tnetstring json' -- "$cur")
      return ;;
    --admin.allow_unauthenticated | --admin.metrics_open | --control.allow_unauthenticated | --grip.update_on_first_subscription | --log.access | --proxy.accept_route_header | --proxy.accept_x_forwarded_proto | --proxy.auto_cross_origin | --proxy.debug | --proxy.set_x_forwarded_proto | --server.http2)
      mapfile -t COMPREPLY < <(compgen -W 'true false' -- "$cur")
      return ;;
    --config)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames 2>/dev/null
      return ;;
  esac
  case $command in
    '') words='serve check health demo publish --version -h --help --config --route --port --log-level --log-format --server.listen --server.workers --server.max_connections --server.memory_max_bytes --server.retry_after_max_s --server.header_max_bytes --server.header_max_count --server.target_max_bytes --server.body_max_bytes --server.header_timeout_ms --server.keepalive_timeout_ms --server.send_buffer_max_bytes --server.proxy_protocol_from --server.tcp_user_timeout_ms --server.tcp_keepalive_s --server.http2 --server.drain_seconds --tls.cert --tls.key --tls.directory --tls.min_version --tls.handshakes_max --control.http --control.zmq_pull --control.zmq_sub --control.zmq_sub_connect --control.zmq_rep --control.zmq_stats --control.tokens --control.header_max_bytes --control.body_max_bytes --control.backlog_max_bytes --control.allow_unauthenticated --proxy.routes_file --proxy.debug --proxy.auto_cross_origin --proxy.accept_x_forwarded_proto --proxy.set_x_forwarded_proto --proxy.x_forwarded_for --proxy.x_forwarded_for_trusted --proxy.orig_headers_need_mark --proxy.accept_route_header --proxy.cdn_loop --proxy.connect_timeout_ms --proxy.response_timeout_ms --proxy.idle_timeout_ms --proxy.origin_header_max_bytes --proxy.instruct_max_bytes --proxy.pool_idle_ms --proxy.pool_max_idle --proxy.origin_connections_max --proxy.waiting_requests_max --proxy.sockjs_url --grip.sig_iss --grip.sig_key --grip.upstream_key --grip.message_rate --grip.message_hwm --grip.message_wait_ms --grip.message_wait_max --grip.id_cache_ttl_s --grip.id_cache_max --grip.connection_subscription_max --grip.subscription_linger_s --grip.update_on_first_subscription --grip.slow_client --stats.format --stats.report_interval_s --stats.connection_ttl_s --stats.subscription_ttl_s --history.max_messages --history.max_bytes --history.max_age_s --broker.url --broker.prefix --webhooks.database --admin.listen --admin.tokens --admin.metrics_open --admin.allow_unauthenticated --log.level --log.format --log.access --log.file --log.access_file' ;;
    serve | check | health | demo) words='-h --help --config --route --port --log-level --log-format --server.listen --server.workers --server.max_connections --server.memory_max_bytes --server.retry_after_max_s --server.header_max_bytes --server.header_max_count --server.target_max_bytes --server.body_max_bytes --server.header_timeout_ms --server.keepalive_timeout_ms --server.send_buffer_max_bytes --server.proxy_protocol_from --server.tcp_user_timeout_ms --server.tcp_keepalive_s --server.http2 --server.drain_seconds --tls.cert --tls.key --tls.directory --tls.min_version --tls.handshakes_max --control.http --control.zmq_pull --control.zmq_sub --control.zmq_sub_connect --control.zmq_rep --control.zmq_stats --control.tokens --control.header_max_bytes --control.body_max_bytes --control.backlog_max_bytes --control.allow_unauthenticated --proxy.routes_file --proxy.debug --proxy.auto_cross_origin --proxy.accept_x_forwarded_proto --proxy.set_x_forwarded_proto --proxy.x_forwarded_for --proxy.x_forwarded_for_trusted --proxy.orig_headers_need_mark --proxy.accept_route_header --proxy.cdn_loop --proxy.connect_timeout_ms --proxy.response_timeout_ms --proxy.idle_timeout_ms --proxy.origin_header_max_bytes --proxy.instruct_max_bytes --proxy.pool_idle_ms --proxy.pool_max_idle --proxy.origin_connections_max --proxy.waiting_requests_max --proxy.sockjs_url --grip.sig_iss --grip.sig_key --grip.upstream_key --grip.message_rate --grip.message_hwm --grip.message_wait_ms --grip.message_wait_max --grip.id_cache_ttl_s --grip.id_cache_max --grip.connection_subscription_max --grip.subscription_linger_s --grip.update_on_first_subscription --grip.slow_client --stats.format --stats.report_interval_s --stats.connection_ttl_s --stats.subscription_ttl_s --history.max_messages --history.max_bytes --history.max_age_s --broker.url --broker.prefix --webhooks.database --admin.listen --admin.tokens --admin.metrics_open --admin.allow_unauthenticated --log.level --log.format --log.access --log.file --log.access_file --version' ;;
    publish) words='-h --help --id --prev-id --sender --code -H --header -M --meta --hint --close --patch --no-seq --no-eol --spec -u --user -B --bearer --version' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _holdfast holdfast
