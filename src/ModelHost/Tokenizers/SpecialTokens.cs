using System.Collections.Immutable;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// The added tokens of a tokenizer.json. Normal ones are vocabulary and are found in text, the longest first. Special ones steer the model, so
/// text can never produce them: only templates add them, by id.
/// </summary>
internal sealed class SpecialTokens
{
    private readonly Dictionary<string, int> _special;
    private readonly HashSet<int> _specialIds;
    private readonly ImmutableArray<AddedToken> _normal;
    private readonly string _firstChars;

    public SpecialTokens(IReadOnlyCollection<AddedToken> added)
    {
        _special = added.Where(t => t.IsSpecial).ToDictionary(t => t.Content, t => t.Id, StringComparer.Ordinal);
        _specialIds = [.. _special.Values];
        _normal = [.. added.Where(t => !t.IsSpecial).OrderByDescending(t => t.Content.Length)];
        _firstChars = new string([.. _normal.Select(t => t.Content[0]).Distinct()]);
    }

    /// <summary>The id of a special token, for templates.</summary>
    public int? Find(string content) => _special.TryGetValue(content, out int id) ? id : null;

    public bool IsSpecial(int id) => _specialIds.Contains(id);

    /// <summary>The leftmost normal added token in <paramref name="text"/>, of several at one place the longest.</summary>
    /// <returns>Where it starts; -1 if there is none.</returns>
    public int FindInText(ReadOnlySpan<char> text, out AddedToken found)
    {
        found = default;
        for (int from = 0; !_normal.IsEmpty && from < text.Length; from++)
        {
            int offset = text[from..].IndexOfAny(_firstChars);
            if (offset < 0) break;
            from += offset;
            foreach (AddedToken token in _normal)
            {
                if (!text[from..].StartsWith(token.Content, StringComparison.Ordinal)) continue;
                found = token;
                return from;
            }
        }

        return -1;
    }
}

/// <summary>An entry of added_tokens.</summary>
internal readonly record struct AddedToken(int Id, string Content, bool IsSpecial);
