using System.Collections.Immutable;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>Cuts text into the pieces within which tokens may be merged.</summary>
internal sealed class PreTokenizer
{
    private readonly ImmutableArray<IPieceSplitter> _splitters;

    /// <param name="splitters">Applied one after another, each to every piece of the one before.</param>
    /// <param name="addsPrefixSpace">A space is put before text that does not start with one (GPT-2's add_prefix_space).</param>
    public PreTokenizer(ImmutableArray<IPieceSplitter> splitters, bool addsPrefixSpace)
    {
        _splitters = splitters;
        AddsPrefixSpace = addsPrefixSpace;
    }

    public bool AddsPrefixSpace { get; }

    /// <summary>Appends to <paramref name="ends"/> where each piece of <paramref name="text"/> ends; text is valid UTF-16.</summary>
    public void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        ends.Clear();
        if (text.IsEmpty) return;
        if (_splitters.IsEmpty) ends.Add(text.Length);
        else _splitters[0].Split(text, ends);
        foreach (IPieceSplitter splitter in _splitters.AsSpan()[Math.Min(1, _splitters.Length)..]) Refine(splitter, text, ends);
    }

    private static void Refine(IPieceSplitter splitter, ReadOnlySpan<char> text, List<int> ends)
    {
        int[] outer = [.. ends];
        List<int> inner = [];
        ends.Clear();
        int start = 0;
        foreach (int end in outer)
        {
            inner.Clear();
            splitter.Split(text[start..end], inner);
            foreach (int innerEnd in inner) ends.Add(start + innerEnd);
            start = end;
        }
    }
}

/// <summary>One cutting rule.</summary>
internal interface IPieceSplitter
{
    /// <summary>Appends the end of every piece; the last one is the end of the text.</summary>
    void Split(ReadOnlySpan<char> text, List<int> ends);
}
