namespace LatentDb.Cli;

/// <summary>What the process tells the shell. docs/cli.md and the help of the program list them.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The server refused and said why, the demo got a wrong answer, or damage was found.</summary>
    public const int Refused = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Nobody answers at the server's address, or the connection broke.</summary>
    public const int Unreachable = 3;

    /// <summary>The key is missing, wrong, or may not do this.</summary>
    public const int NotAllowed = 4;

    /// <summary>Ctrl-C, as shells count it: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}
