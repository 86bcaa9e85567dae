from commonplace.cli import main

main(prog_name="commonplace")
