// battery
