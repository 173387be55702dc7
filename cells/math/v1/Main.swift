import MathCell
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Calculator.run(on: NATS.connector) }
}
