extension Migration {
    /// Views for people and training; they have no rights over the tables (memory.md, Roles).
    static let views = Migration(
        version: 4, name: "views",
        sql: """
            create function state_word(state smallint) returns text language sql immutable as $$
                select case state when 1 then 'open' when -1 then 'closed' else 'stable' end
            $$;

            create view transition_messages as select * from gate_transitions;
            create view collapse_messages as select * from collapses;
            create view correlation_messages as select * from correlation_events;
            create view request_messages as select * from cognitive_requests;
            create view response_messages as select * from cognitive_responses;
            create view verification_messages as select * from verification_outcomes;

            create view gate_overview as
            select env, gate_id, domain, region, state_word(state) as state, potential, weight, open_threshold,
                   close_threshold, transitions, openings, closings, confirmed, failed, partial, verification_rate,
                   lifeforce_spent, lifeforce_earned, lifeforce_net, first_transition_at, last_transition_at
            from gates;

            create view transition_overview as
            select at, env, gate_id, region, state_word(from_state) as from_state, state_word(to_state) as to_state,
                   state_value, weight, correlation_score, jsonb_array_length(trigger_signals) as signals,
                   lifeforce_cost, garden, message_id, trigger_signals, stored_at
            from gate_transitions;

            create view decision_overview as
            select c.window_end as at, c.env, c.gate_id, c.region, c.confidence,
                   json_array_length(c.witnesses) as witnesses, q.event_type, q.confidence as request_confidence,
                   r.decision, r.outcome as answer, r.boundary, r.mind, r.lifeforce_spent, r.processing_time_ms,
                   v.outcome as verification, c.transition_id, c.collapse_id, q.request_id
            from collapses c
            left join cognitive_requests q on q.collapse_id = c.collapse_id
            left join cognitive_responses r on r.request_id = q.request_id
            left join lateral (
                select outcome from verification_outcomes where original_signal_id = c.transition_id
                order by published_at desc, message_id limit 1) v on true;

            create view rejected_overview as
            select stored_at, env, subject, code, field, reason, payload_bytes, rejected_id
            from rejected_messages;

            create view training_examples as
            select 'transition' as kind, t.message_id as id, t.env, t.gate_id, t.garden, t.at as window_start,
                   t.at as window_end, t.trigger_signals::text as signals, null::text as correlation_matrix,
                   t.correlation_score as correlation,
                   case t.to_state when 1 then 'opened' when -1 then 'closed' else 'released' end as result,
                   v.outcome, v.outcome as label
            from gate_transitions t
            left join lateral (
                select outcome from verification_outcomes where original_signal_id = t.message_id
                order by published_at desc, message_id limit 1) v on true
            union all
            select 'correlation', e.message_id, e.env, e.gate_id, e.garden, e.window_start, e.window_end,
                   e.signals_in_window::text, e.correlation_matrix::text, e.aggregate_correlation, e.result, v.outcome,
                   coalesce(e.training_label, v.outcome)
            from correlation_events e
            left join lateral (
                select o.outcome from gate_transitions t
                join verification_outcomes o on o.original_signal_id = t.message_id
                where t.env = e.env and t.gate_id = e.gate_id and t.at between e.window_start and e.window_end
                order by o.published_at desc, o.message_id limit 1) v on true;
            """)
}
