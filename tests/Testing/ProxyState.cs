namespace LatentDb.Testing;

/// <summary>What a proxy does with the bytes of a connection.</summary>
public enum ProxyState
{
    /// <summary>Passes them on, both ways.</summary>
    Whole,

    /// <summary>Resets it, and every new one.</summary>
    Cut,

    /// <summary>Holds them back, both ways, without an end: what a network that loses packets looks like from both sides.</summary>
    Silent,

    /// <summary>Passes what is asked and holds the answers back: what was asked happens, and nobody learns of it.</summary>
    Mute,
}
