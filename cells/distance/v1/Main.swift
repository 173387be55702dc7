import DistanceCell
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Distance.run(on: NATS.connector) }
}
