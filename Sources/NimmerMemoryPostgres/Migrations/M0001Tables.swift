extension Migration {
    /// The tables of memory.md.
    ///
    /// Content that is opaque below the boundary is `json`, which keeps every byte; what we wrote ourselves is `jsonb`.
    /// No foreign keys: messages of one decision arrive through several streams, in any order.
    static let tables = Migration(
        version: 1, name: "tables",
        sql: """
            create table gates (
                env text not null,
                gate_id text not null,
                domain text not null,
                region text not null,
                state smallint not null check (state between -1 and 1),
                potential double precision not null,
                weight double precision not null,
                open_threshold double precision not null default 0.5,
                close_threshold double precision not null default -0.5,
                transitions bigint not null default 0,
                openings bigint not null default 0,
                closings bigint not null default 0,
                confirmed bigint not null default 0,
                failed bigint not null default 0,
                partial bigint not null default 0,
                lifeforce_spent double precision not null default 0,
                lifeforce_earned double precision not null default 0,
                lifeforce_net double precision generated always as (lifeforce_earned - lifeforce_spent) stored,
                verification_rate double precision generated always as (
                    case when confirmed + failed + partial = 0 then null
                         else confirmed::double precision / (confirmed + failed + partial) end) stored,
                first_transition_at timestamptz,
                last_transition_at timestamptz,
                primary key (env, gate_id)
            );
            comment on column gates.lifeforce_earned is
                'what verification gave back: a confirmed transition its whole cost, a partial one half of it';
            comment on column gates.lifeforce_net is 'zero when reality confirmed everything, negative by what was wasted';

            create table gate_transitions (
                message_id uuid not null,
                env text not null,
                gate_id text not null,
                domain text not null,
                region text not null,
                from_state smallint not null check (from_state between -1 and 1),
                to_state smallint not null check (to_state between -1 and 1),
                state_value double precision not null,
                weight double precision not null,
                correlation_score double precision not null,
                trigger_signals jsonb not null,
                routed_to_tier smallint,
                lifeforce_cost double precision not null,
                at timestamptz not null,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now(),
                primary key (message_id, at)
            ) partition by range (at);
            comment on table gate_transitions is
                'a message id is made from what it is about, its time included: (message_id, at) is unique as the id is';
            create table gate_transitions_default partition of gate_transitions default;
            create index gate_transitions_by_gate on gate_transitions (gate_id, at desc);

            create table collapses (
                collapse_id uuid primary key,
                message_id uuid not null,
                env text not null,
                region text not null,
                gate_id text not null,
                transition_id uuid not null,
                confidence double precision not null,
                window_start timestamptz not null,
                window_end timestamptz not null,
                witnesses json not null,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            create index collapses_by_transition on collapses (transition_id);
            create index collapses_by_message on collapses (message_id);
            create index collapses_by_gate on collapses (gate_id, window_end desc);

            create table correlation_events (
                message_id uuid primary key,
                env text not null,
                gate_id text not null,
                window_start timestamptz not null,
                window_end timestamptz not null,
                signals_in_window json not null,
                correlation_matrix json not null,
                aggregate_correlation double precision not null,
                result text not null,
                training_label text,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            create index correlation_events_by_gate on correlation_events (gate_id, window_end desc);

            create table cognitive_requests (
                request_id uuid primary key,
                message_id uuid not null,
                env text not null,
                collapse_id uuid not null,
                event_type text not null,
                domain text not null,
                confidence double precision not null,
                structured_input json not null,
                suggested_actions json not null,
                processing_budget_lf double precision not null,
                response_timeout_ms double precision not null,
                expires_at timestamptz not null,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            create index cognitive_requests_by_collapse on cognitive_requests (collapse_id);
            create index cognitive_requests_by_message on cognitive_requests (message_id);

            create table cognitive_responses (
                request_id uuid primary key,
                message_id uuid not null,
                env text not null,
                decision text not null,
                result json,
                downstream_commands json not null,
                mind json,
                boundary text not null,
                lifeforce_spent double precision not null,
                processing_time_ms double precision not null,
                outcome text not null,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            create index cognitive_responses_by_message on cognitive_responses (message_id);

            create table verification_outcomes (
                message_id uuid primary key,
                env text not null,
                gate_id text not null,
                original_signal_id uuid not null,
                domain text not null,
                outcome text not null,
                actual_result json,
                expected_result json,
                discrepancy double precision,
                verification_source text,
                feedback_to_virtual json,
                settled boolean not null default false,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            comment on column verification_outcomes.settled is
                'whether the transition was there to be paid back; if not, it is paid when it arrives';
            create index verification_outcomes_by_signal on verification_outcomes (original_signal_id);
            create index verification_outcomes_unsettled on verification_outcomes (original_signal_id) where not settled;

            create table rejected_messages (
                rejected_id uuid primary key,
                env text not null,
                subject text not null,
                code text not null,
                field text not null,
                reason text not null,
                payload bytea not null,
                payload_bytes bigint not null,
                stored_at timestamptz not null default now()
            );
            comment on column rejected_messages.rejected_id is
                'the message id where one could be read, else a name-based id of the payload';
            create index rejected_messages_by_time on rejected_messages (stored_at);
            """)
}
