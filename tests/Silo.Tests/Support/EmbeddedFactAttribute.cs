namespace LatentDb.Silo.Tests.Support;

/// <summary>A test of what only a server alone does; a run against clusters skips it and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EmbeddedFactAttribute : FactAttribute
{
    /// <param name="why">One of <see cref="Alone"/>.</param>
    public EmbeddedFactAttribute(string why)
    {
        if (OwnerSilos.AreWanted) Skip = why;
    }
}

/// <summary>As the other, for several cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EmbeddedTheoryAttribute : TheoryAttribute
{
    /// <param name="why">One of <see cref="Alone"/>.</param>
    public EmbeddedTheoryAttribute(string why)
    {
        if (OwnerSilos.AreWanted) Skip = why;
    }
}
