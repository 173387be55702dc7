import VitalsCell
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Vitals.run(on: NATS.connector) }
}
