-- What the kit's documents need and pandoc does not do by itself: panels, step headings, labelled lists, cards,
-- page breaks, figures with alternative text, and decks of slides in typst. One filter for all formats.

local typst, docx, pptx = FORMAT == 'typst', FORMAT == 'docx', FORMAT == 'pptx'
local deck = PANDOC_WRITER_OPTIONS.variables['deck']
deck = deck and tostring(deck) or ''

local function raw(text) return pandoc.RawBlock('typst', text) end

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

-- Inlines as typst markup on one line.
local function markup(inlines)
  return (pandoc.write(pandoc.Pandoc({pandoc.Plain(inlines)}), 'typst'):gsub('%s+$', ''))
end

local function styled(name, blocks)
  return pandoc.Div(blocks, pandoc.Attr('', {}, {['custom-style'] = name}))
end

local function wrap(open, blocks, close)
  local all = pandoc.Blocks({raw(open)})
  all:extend(blocks)
  all:insert(raw(close))
  return all
end

-- A grid of cells as a word-processor table without a head.
local function plain_table(rows, widths)
  local aligns = {}
  for column = 1, #widths do aligns[column] = pandoc.AlignDefault end
  return pandoc.utils.from_simple_table(pandoc.SimpleTable({}, aligns, widths, {}, rows))
end

local function panel(div)
  local title = div.attributes['title'] or ''
  local warning = div.classes:includes('warning') or div.classes:includes('danger') or div.classes:includes('caution')
  if typst then
    local open = '#panel(title: ' .. quoted(title) .. ', warning: ' .. tostring(warning) .. ')['
    return wrap(open, div.content, ']')
  end
  local body = div.content
  if docx then
    local all = pandoc.Blocks({styled(warning and 'Panel Warning' or 'Panel Title', {pandoc.Para(pandoc.Str(title))})})
    all:insert(styled('Panel', body))
    return all
  end
  body:insert(1, pandoc.Para(pandoc.Strong(pandoc.Str(title))))
  return body
end

local function card_grid(div)
  local columns = tonumber(div.attributes['columns'] or '2')
  local cards = {}
  for _, block in ipairs(div.content) do
    if block.t == 'Div' and block.classes:includes('card') then table.insert(cards, block) end
  end
  if typst then
    local all = pandoc.Blocks({raw('#card-grid(columns: ' .. columns .. ', height: ' ..
      (div.attributes['height'] or 'auto') .. ', size: ' .. (div.attributes['size'] or '10.5pt') .. ',')})
    for _, card in ipairs(cards) do
      all:insert(raw('[#card(title: ' .. quoted(card.attributes['title'] or '') .. ', corner: ' ..
        quoted(card.attributes['corner'] or '') .. ')['))
      all:extend(card.content)
      all:insert(raw(']],'))
    end
    all:insert(raw(')'))
    return all
  end
  local rows, row = {}, {}
  for _, card in ipairs(cards) do
    local cell = pandoc.Blocks({styled('Card Title', {pandoc.Para({pandoc.Str(card.attributes['corner'] or ''),
      pandoc.Space(), pandoc.Str(card.attributes['title'] or '')})})})
    cell:extend(card.content)
    table.insert(row, cell)
    if #row == columns then table.insert(rows, row); row = {} end
  end
  if #row > 0 then
    while #row < columns do table.insert(row, {}) end
    table.insert(rows, row)
  end
  local widths = {}
  for column = 1, columns do widths[column] = 1 / columns end
  return plain_table(rows, widths)
end

local function break_page()
  if typst then return raw('#pagebreak(weak: true)') end
  if docx then return pandoc.RawBlock('openxml', '<w:p><w:r><w:br w:type="page"/></w:r></w:p>') end
  return {}
end

local function div(element)
  local classes = element.classes
  if classes:includes('panel') then return panel(element) end
  if classes:includes('card-grid') then return card_grid(element) end
  if classes:includes('page-break') then return break_page() end
  if classes:includes('notes') and not pptx and deck == '' then return {} end
  if typst and classes:includes('two-columns') then
    return wrap('#two-columns[', element.content, ']')
  end
  if typst and classes:includes('small') then return wrap('#small[', element.content, ']') end
  if classes:includes('answer-lines') then
    if typst then return raw('#answer-lines') end
    local line = pandoc.Para(pandoc.Str(string.rep('_', 88)))
    return {line, line:clone(), line:clone(), line:clone()}
  end
  return nil
end

local function header(element)
  if not element.classes:includes('step') then return nil end
  local at = element.attributes
  if typst then
    return raw('#step(clock: ' .. quoted(at['clock']) .. ', minutes: ' .. quoted(at['minutes']) .. ', details: ' ..
      quoted(at['details'] or '') .. ', pause: ' .. (at['pause'] or 'false') .. ')[' .. markup(element.content) .. ']')
  end
  local tab = pandoc.RawInline('openxml', '<w:r><w:tab/></w:r>')
  local line = pandoc.Inlines({pandoc.Str(at['clock']), tab})
  line:extend(element.content)
  line:extend({tab, pandoc.Str(at['minutes'])})
  local all = pandoc.Blocks({styled('Step', {pandoc.Para(line)})})
  if (at['details'] or '') ~= '' then all:insert(styled('Step Line', {pandoc.Para(pandoc.Str(at['details']))})) end
  return all
end

-- A labelled list: the label beside the text, in typst by a grid, in a word processor by a table without lines around.
local function definitions(element)
  if typst then
    local all = pandoc.Blocks({raw('#labelled(')})
    for _, item in ipairs(element.content) do
      all:insert(raw('[' .. markup(item[1]) .. '], ['))
      for _, definition in ipairs(item[2]) do all:extend(definition) end
      all:insert(raw('],'))
    end
    all:insert(raw(')'))
    return all
  end
  if not docx then return nil end
  local rows = {}
  for _, item in ipairs(element.content) do
    local body = pandoc.Blocks({})
    for _, definition in ipairs(item[2]) do body:extend(definition) end
    table.insert(rows, {pandoc.Blocks({styled('Label', {pandoc.Para(item[1])})}), body})
  end
  return plain_table(rows, {0.17, 0.83})
end

local function picture(image, caption)
  local width = image.attributes['width']
  return raw((deck == '' and '#kit-figure(' or '#deck-figure(') .. quoted(image.src) .. ', alt: ' ..
    quoted(image.attributes['alt'] or pandoc.utils.stringify(image.caption)) ..
    (width and (', width: ' .. width) or '') .. ')[' .. caption .. ']')
end

local function figure(element)
  if not typst then return nil end
  local image
  element:walk({Image = function(found) image = found end})
  if not image then return nil end
  return picture(image, markup(pandoc.utils.blocks_to_inlines(element.caption.long)))
end

-- A picture without a caption is a paragraph that holds nothing else.
local function paragraph(element)
  if typst and #element.content == 1 and element.content[1].t == 'Image' then
    return picture(element.content[1], '')
  end
  return nil
end

-- The blocks of one slide: text and a figure stand side by side, anything else below each other.
local function arranged(blocks)
  local words, pictures = pandoc.Blocks({}), pandoc.Blocks({})
  for _, block in ipairs(blocks) do
    local is_picture = block.t == 'RawBlock' and block.text:sub(1, 12) == '#deck-figure'
    if is_picture then pictures:insert(block) else words:insert(block) end
  end
  if #words == 0 or #pictures == 0 then return blocks end
  local all = pandoc.Blocks({raw('#beside[')})
  all:extend(words)
  all:insert(raw(']['))
  all:extend(pictures)
  all:insert(raw(']'))
  return all
end

-- Slides for typst: everything from one heading to the next is one call.
local function slides(doc)
  local all, current = pandoc.Blocks({}), nil
  local function close()
    if not current then return end
    local head = current.head
    local kind = head.attributes['kind'] or (head.level == 1 and 'section' or 'content')
    all:insert(raw('#slide(kind: ' .. quoted(kind) .. ', mark: ' .. (head.attributes['mark'] or 'false') ..
      ', title: [' .. markup(head.content) .. '])['))
    all:extend(arranged(current.body))
    all:insert(raw(']['))
    all:extend(current.notes)
    all:insert(raw(']'))
  end
  for _, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level <= 2 then
      close()
      current = {head = block, body = pandoc.Blocks({}), notes = pandoc.Blocks({})}
    elseif current and block.t == 'Div' and block.classes:includes('notes') then
      current.notes = block.content
    elseif current then
      current.body:insert(block)
    end
  end
  close()
  doc.blocks = all
  return doc
end

local blocks = {Div = div, Header = header, DefinitionList = definitions, Figure = figure,
  Para = paragraph}
if deck ~= '' and typst then
  return {blocks, {Pandoc = slides}}
end
return {blocks}
