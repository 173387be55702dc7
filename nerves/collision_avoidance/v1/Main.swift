import CollisionAvoidanceNerve
import NimmerBusNATS
import NimmerCell
import NimmerSystemFile

@main
struct Main {
    static func main() async { await Avoidance.run(on: NATS.connector, reading: YAML.reader) }
}
