namespace LatentDb.Cli.Commands.Talking;

/// <summary>What of a conversation goes into the memory.</summary>
internal enum Remembered
{
    /// <summary>Nothing: asking changes no memory.</summary>
    None,

    /// <summary>What the user said.</summary>
    User,

    /// <summary>What the user said and what the model answered.</summary>
    Exchange,
}
