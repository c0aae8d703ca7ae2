"""What may leave a device, and how blurred: the veil, what an attacker could still guess, and the ledger.

Pure: chance, clocks and stores are arguments.
"""
