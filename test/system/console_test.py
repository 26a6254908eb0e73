"""The console: whose input it is, and what the guests answer."""


def test_ctrl_a_three_times_gives_the_input_to_the_next_domain_and_then_to_xen(boot):
    machine = boot("two_hellos", interactive=True)
    machine.see(r"\*\*\* Serial input to DOM1")
    machine.see("hello: EL1")
    machine.command("ping", r"\npong")
    machine.switch_input("DOM2")
    machine.command("ping", r"\npong")
    machine.switch_input("Xen")
    machine.type("h")
    machine.see("list these keys")
    machine.switch_input("DOM1")
    machine.command("ping", r"\npong")


def test_an_abort_is_the_guests_own_and_the_domain_goes_on(boot):
    machine = boot("two_hellos", interactive=True)
    machine.see("hello: EL1")
    machine.command("crash", r"hello: reading 0x[0-9a-f]+: abort, ESR 0x")
    machine.command("ping", r"\npong")


def test_off_ends_a_domain_and_leaves_the_other(boot):
    machine = boot("two_hellos", interactive=True)
    machine.see("DOM2: hello: command line")
    machine.command("off", "hello: off")
    machine.switch_input("DOM2")
    machine.command("ping", r"\npong")
    machine.command("off", "hello: off")
    machine.see_all_domains_stop()
