import MotorCell
import MotorMachine
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Wheels<Program>.run(on: NATS.connector) }
}
