namespace LatentDb.ModelHost.Contracts;

/// <summary>How urgent a request is. More urgent ones go first, yet none starves: each class has a share of the machine that it gets when all want it.</summary>
public enum RequestPriority
{
    /// <summary>Somebody waits for an answer: queries.</summary>
    Interactive,

    /// <summary>Somebody waits for an acknowledgement: injects.</summary>
    Normal,

    /// <summary>Nobody waits: what was accepted to be made later.</summary>
    Background,
}
