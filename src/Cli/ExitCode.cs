namespace LatentDb.Cli;

/// <summary>What the process tells the shell.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The server refused and said why, or the demo got a wrong answer.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Nobody answers at the server's address, or the connection broke.</summary>
    public const int Unreachable = 3;
}
