import DistanceCell
import DistanceMachine
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Distance<LineFile>.run(on: NATS.connector) }
}
