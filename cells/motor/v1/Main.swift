import MotorCell
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Wheels.run(on: NATS.connector) }
}
