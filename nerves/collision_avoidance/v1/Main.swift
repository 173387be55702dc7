import CollisionAvoidanceNerve
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Avoidance.run(on: NATS.connector) }
}
