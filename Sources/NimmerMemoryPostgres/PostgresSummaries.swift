import NimmerMemory
import NimmerWave

extension PostgresStore: SummarySource {
    /// The last day that has summaries.
    public func summarizedDay(_ environment: Environment) throws(MemoryError) -> String? {
        let found = try rows(
            "select to_char(summarized, 'YYYY-MM-DD') from meaning_settings where env = \(environment.rawValue)")
        return (found.first?.first ?? nil) ?? nil
    }

    /// A day, by region.
    public func regionDays(
        _ environment: Environment, from start: Timestamp, until end: Timestamp
    ) throws(MemoryError) -> [RegionDay] {
        let counts = try rows(
            """
            select c.region, count(*), count(*) filter (where o.result = 'confirmed'),
                   count(*) filter (where o.result = 'failed'), count(*) filter (where o.result = 'partial')
            from collapse_messages c left join opening_outcomes o on o.opening = c.transition_id and o.env = c.env
            where c.env = \(environment.rawValue) and c.window_end >= \(start)::timestamptz
              and c.window_end < \(end)::timestamptz
            group by c.region order by count(*) desc, c.region collate "C" limit \(RegionDay.maximumRegions)::bigint
            """)
        let actions = try rows(
            """
            select c.region, r.decision, count(*)
            from collapse_messages c
            join request_messages q on q.collapse_id = c.collapse_id and q.env = c.env
            join response_messages r on r.request_id = q.request_id and r.env = q.env
            where c.env = \(environment.rawValue) and c.window_end >= \(start)::timestamptz
              and c.window_end < \(end)::timestamptz and r.outcome = 'answered'
            group by c.region, r.decision order by count(*) desc, r.decision collate "C"
            """)
        let strongest = try rows(
            """
            select region, collapse_id
            from (select region, collapse_id, confidence,
                         row_number() over (partition by region order by confidence desc, collapse_id) as place
                  from collapse_messages
                  where env = \(environment.rawValue) and window_end >= \(start)::timestamptz
                    and window_end < \(end)::timestamptz) c
            where place <= \(RegionDay.maximumOpenings)::bigint order by region, place
            """)
        var days: [RegionDay] = []
        var places: [String: Int] = [:]
        for row in counts {
            guard row.count == 5, let name = row[0], let region = try? Region(name) else { continue }
            var day = RegionDay(region)
            let numbers = row.dropFirst().map { $0.flatMap { Int($0) } ?? 0 }
            day.openings = numbers[0]
            for (result, number) in zip([VerificationResult.confirmed, .failed, .partial], numbers.dropFirst())
            where number > 0 { day.outcomes[result] = number }
            places[name] = days.count
            days.append(day)
        }
        for row in actions {
            guard row.count == 3, let place = row[0].flatMap({ places[$0] }), let action = row[1],
                let count = row[2].flatMap({ Int($0) }), days[place].actions.count < RegionDay.maximumActions
            else { continue }
            days[place].actions.append(RegionDay.Action(action, count: count))
        }
        for row in strongest {
            guard row.count == 2, let place = row[0].flatMap({ places[$0] }),
                let id = row[1].flatMap({ try? MessageID($0) })
            else { continue }
            days[place].strongest.append(id)
        }
        return days
    }

    /// A day has its summaries.
    public func summarized(_ environment: Environment, through day: String) throws(MemoryError) {
        _ = try rows("update meaning_settings set summarized = \(day)::date where env = \(environment.rawValue)")
    }
}
